import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Dialect } from "../../lib/database/driver/driver.ts";
import { compiler } from "../support/compile.ts";

const dialects: readonly Dialect[] = ["pg", "sqlite", "mysql"];

test("the handlers compile as they are beside the schema of each dialect, and answer the same types", async () => {
  const found = await Promise.all(dialects.map(mistakes));
  expect(found).toEqual([[], [], []]);
});

/** What the compiler finds wrong when `./schema` is that of one dialect: the handlers, and what is told of the rest. */
async function mistakes(dialect: Dialect): Promise<string[]> {
  const settings = join(import.meta.dirname, `tsconfig.${dialect}.json`);
  const args = [compiler, "--noEmit", "--pretty", "false", "-p", settings];
  const tsc = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const output = (await tsc.stdout.toArray()).join("");
  if (tsc.exitCode === null) await once(tsc, "exit");
  return output.split("\n").filter((line) => line !== "");
}
