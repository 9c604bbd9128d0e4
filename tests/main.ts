/** `pnpm test`: every test, those in a browser also when others have failed; at the end a line for each of the two parts. */
import { renamed } from "../lib/cli/own-name.ts";
import { type Part, runParts } from "./support/run-parts.ts";

const parts: readonly Part[] = [
  { name: "vitest run", command: "vitest", args: ["run"] },
  { name: "playwright test", command: "playwright", args: ["test"] },
];

const why = renamed(process.cwd());
if (why !== undefined) {
  console.error(why);
  process.exitCode = 1;
} else if (process.argv.length > 2) {
  console.error(
    `pnpm test runs all tests. For some of them: ${parts.map(({ name }) => `pnpm exec ${name} …`).join(" or ")}`,
  );
  process.exitCode = 1;
} else process.exitCode = await runParts(parts);
