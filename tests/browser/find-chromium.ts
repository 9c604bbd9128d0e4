import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A Chromium to test with: `CHROMIUM`, the system's, or the one that comes as a package, so that nothing needs to be
 * installed by hand.
 */
export async function findChromium(): Promise<{ executablePath: string; args: string[] }> {
  const installed = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/google-chrome"].find(
    (path) => path && existsSync(path),
  );
  if (installed) return { executablePath: installed, args: ["--no-sandbox"] };
  const folder = join(tmpdir(), "convex-lite-chromium-153");
  if (!existsSync(folder)) await unpackTo(folder);
  const { FONTCONFIG_PATH, LD_LIBRARY_PATH } = process.env;
  process.env.FONTCONFIG_PATH = FONTCONFIG_PATH ?? join(folder, "fonts");
  const libraries = join(folder, "al2023", "lib");
  if (!LD_LIBRARY_PATH?.startsWith(libraries)) {
    process.env.LD_LIBRARY_PATH = [libraries, ...(LD_LIBRARY_PATH ? [LD_LIBRARY_PATH] : [])].join(":");
  }
  // The package's own arguments make one process of it, which would end with the first page that is closed, draw by a graphics
  // card that it imitates, which takes most of a core, and let pages do what a browser forbids.
  return { executablePath: join(folder, "chromium"), args: ["--no-sandbox", "--disable-gpu"] };
}

/** Unpacks Chromium and its libraries. The folder is there when it is whole: a cut-off unpacking is not used. */
async function unpackTo(folder: string): Promise<void> {
  const draft = mkdtempSync(`${folder}-`);
  const { TMPDIR, FONTCONFIG_PATH, LD_LIBRARY_PATH, AWS_LAMBDA_JS_RUNTIME } = process.env;
  // The package unpacks into the temporary folder, and its libraries only where it thinks it runs on AWS Lambda.
  Object.assign(process.env, { TMPDIR: draft, AWS_LAMBDA_JS_RUNTIME: AWS_LAMBDA_JS_RUNTIME ?? "nodejs22.x" });
  try {
    const { default: chromium } = await import("@sparticuz/chromium");
    await chromium.executablePath();
  } finally {
    restore({ TMPDIR, FONTCONFIG_PATH, LD_LIBRARY_PATH, AWS_LAMBDA_JS_RUNTIME });
  }
  // The package's own names a folder of fonts that is not there, and Chromium ends when it finds no font at all.
  writeFileSync(join(draft, "fonts", "fonts.conf"), fontsIn(join(folder, "fonts")));
  try {
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process was faster.
    if (!existsSync(folder)) throw error;
  }
}

function fontsIn(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}</dir>
  <cachedir>${join(folder, "cache")}</cachedir>
</fontconfig>
`;
}

function restore(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
