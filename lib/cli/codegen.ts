import { join, relative } from "node:path";
import { compareApi, writeApi } from "../node/loading/generate-api.ts";
import { invocation } from "./terminal/invocation.ts";

/** Writes `convex/_generated/api.ts`; with `check` only compares it. @returns the exit code. */
export async function codegen(root: string, { check }: { check: boolean }): Promise<number> {
  const directory = join(root, "convex");
  const { file, upToDate, notRead } = compareApi(directory);
  for (const { message } of notRead) console.warn(message);
  const shown = relative(root, file);
  if (upToDate) {
    console.log(`${shown} is up to date`);
    return 0;
  }
  if (check) {
    console.error(`${shown} is out of date. Run ${invocation()} codegen and commit it.`);
    return 1;
  }
  writeApi(directory);
  console.log(`${shown} written`);
  return 0;
}
