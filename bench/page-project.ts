import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { App } from "../tests/browser/app.ts";

/** A Next project that was built for production. */
export interface PageProject extends AsyncDisposable {
  readonly directory: string;
}

/** Builds the two pages of `bench/page-app` in a copy of this project, in place of the demo. */
export async function buildPages(): Promise<PageProject> {
  const app = await App.copy();
  const { directory } = app;
  for (const name of ["app", "convex", "tests", "postcss.config.mjs"]) {
    rmSync(join(directory, name), { recursive: true, force: true });
  }
  cpSync(join(directory, "bench/page-app"), directory, { recursive: true });
  rmSync(join(directory, "bench/page-app"), { recursive: true });
  const next = join(directory, "node_modules/next/dist/bin/next");
  execFileSync(process.execPath, [next, "build"], {
    cwd: directory,
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return { directory, [Symbol.asyncDispose]: () => app.remove() };
}
