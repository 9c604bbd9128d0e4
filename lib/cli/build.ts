import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { missingMigration } from "../schema/migrations/missing-migration.ts";
import { codegen } from "./codegen.ts";

/** Makes everything that `NODE_ENV=production node server.ts` needs. @returns the exit code. */
export async function build(root: string): Promise<number> {
  await codegen(root, { check: false });
  const code = await nextBuild(root);
  if (code !== 0) return code;
  const warning = await missingMigration(join(root, "convex", "schema.ts"), join(root, "drizzle"));
  if (warning) console.warn(`convex-lite: ${warning}`);
  const { hooks, pagination } = await clientSize(root);
  console.log(
    `convex-lite in the browser: hooks and client ${kibibytes(hooks)} gzip (without React); usePaginatedQuery adds ${kibibytes(pagination)} where it is used`,
  );
  return 0;
}

async function nextBuild(root: string): Promise<number> {
  const next = createRequire(join(root, "package.json")).resolve("next/dist/bin/next");
  const child = spawn(process.execPath, [next, "build"], {
    cwd: root,
    stdio: "inherit",
    env: { NEXT_TELEMETRY_DISABLED: "1", ...process.env, NODE_ENV: "production" },
  });
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, passOn);
  const [code] = (await once(child, "exit")) as [number | null];
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, passOn);
  return code ?? 1;
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
