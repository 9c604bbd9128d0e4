import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { codegen } from "./codegen.ts";

/** Everything that `NODE_ENV=production node server.ts` needs. @returns the exit code. */
export async function build(root: string): Promise<number> {
  codegen(root, { check: false });
  const code = await nextBuild(root);
  if (code !== 0) return code;
  const bytes = await clientSize(root);
  console.log(
    `convex-lite in the browser: ${(bytes / 1000).toFixed(1)} kB gzip, hooks and client together (without React)`,
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

/** What the hooks and the client add to a page: bytes, minified and compressed, React not counted. */
export async function clientSize(root: string): Promise<number> {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: 'export * from "convex-lite/react";', resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    external: ["react", "react-dom"],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "error",
  });
  return outputFiles.reduce((bytes, file) => bytes + gzipSync(file.contents, { level: 9 }).length, 0);
}
