import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { printProblem } from "../bundling/load-error.ts";
import { FunctionLoader } from "../node/loading/load-functions.ts";
import { missingMigration } from "../schema/migrations/missing-migration.ts";
import { codegen } from "./codegen.ts";
import { runInForeground } from "./server/foreground.ts";

/** What `build` takes. */
export interface BuildOptions {
  /** Builds although `convex/schema.ts` has tables that no migration makes. */
  allowPending?: boolean;
}

/** Makes everything that `start` needs. @returns the exit code. */
export async function build(root: string, { allowPending = false }: BuildOptions = {}): Promise<number> {
  await codegen(root, { check: false });
  const writeFunctions = await bundleFunctions(root);
  const missing = allowPending
    ? undefined
    : await missingMigration(join(root, "convex", "schema.ts"), join(root, "drizzle"));
  if (missing !== undefined) {
    console.error(missing);
    return 1;
  }
  const code = await nextBuild(root);
  if (code !== 0) return code;
  // After Next's build, which empties .next.
  writeFunctions();
  const { hooks, pagination } = await clientSize(root);
  console.log(
    `convex-lite in the browser: hooks and client ${kibibytes(hooks)} gzip (without React); usePaginatedQuery adds ${kibibytes(pagination)} where it is used`,
  );
  return 0;
}

/** @returns a function that writes the bundled functions. */
async function bundleFunctions(root: string): Promise<() => void> {
  const loader = new FunctionLoader("convex", root);
  try {
    const { warnings, write } = await loader.build();
    for (const warning of warnings) console.warn(`${printProblem(warning)}\n`);
    return write;
  } finally {
    await loader.close();
  }
}

function nextBuild(root: string): Promise<number> {
  const next = createRequire(join(root, "package.json")).resolve("next/dist/bin/next");
  const env = { NEXT_TELEMETRY_DISABLED: process.env.NEXT_TELEMETRY_DISABLED ?? "1", NODE_ENV: "production" };
  return runInForeground([next, "build"], { cwd: root, env });
}

const PAGINATION = "usePaginatedQuery";

/**
 * The size of the hooks and the client in a page, and what pagination adds to it: bytes, minified and compressed, without
 * React.
 */
export async function clientSize(root: string): Promise<{ hooks: number; pagination: number }> {
  const all = await bundle(root, "*");
  const hooks = await bundle(root, `{ ${all.exports.filter((name) => name !== PAGINATION).join(", ")} }`);
  return { hooks: hooks.bytes, pagination: all.bytes - hooks.bytes };
}

async function bundle(root: string, names: string): Promise<{ bytes: number; exports: string[] }> {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: `export ${names} from "convex-lite/react";`, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    external: ["react", "react-dom"],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "error",
  });
  return {
    bytes: outputFiles.reduce((bytes, file) => bytes + gzipSync(file.contents).length, 0),
    exports: Object.values(metafile.outputs).flatMap((output) => output.exports),
  };
}

function kibibytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(2)} KiB`;
}
