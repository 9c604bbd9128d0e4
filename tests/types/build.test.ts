import { execFile } from "node:child_process";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import config from "../../next.config.mjs";
import { compiler, root } from "../support/compile.ts";

test("a build checks the application, not the tests, which know the demo's schema", async () => {
  const settings = join(root, config.typescript?.tsconfigPath ?? "tsconfig.json");
  const { stdout } = await promisify(execFile)(process.execPath, [compiler, "--listFilesOnly", "-p", settings]);
  const checked = stdout.split("\n").map((file) => relative(root, file));
  expect(checked).toEqual(
    expect.arrayContaining(["server.ts", "convex/schema.ts", "convex/messages.ts", "app/chat/[channel]/page.tsx"]),
  );
  expect(checked.filter((file) => /^(tests|bench)\/|\.test(-d)?\.tsx?$/.test(file))).toEqual([]);
});
