import { existsSync } from "node:fs";

/**
 * A Chromium to test with: `CHROMIUM`, the system's, or the one that comes as a package, so that nothing needs to be
 * installed by hand.
 */
export async function findChromium(): Promise<{ executablePath: string; args: string[] }> {
  const installed = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/google-chrome"].find(
    (path) => path && existsSync(path),
  );
  if (installed) return { executablePath: installed, args: ["--no-sandbox"] };
  // It brings the libraries that a bare machine lacks, but unpacks them only where it thinks it runs on AWS Lambda.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= "nodejs22.x";
  const { default: chromium } = await import("@sparticuz/chromium");
  // Its own arguments make one process of it, which would end with the first page that is closed, draw by a graphics card
  // that it imitates, which takes most of a core, and let pages do what a browser forbids.
  return { executablePath: await chromium.executablePath(), args: ["--no-sandbox", "--disable-gpu"] };
}
