import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { terminalLog } from "./terminal-log.ts";

function logged(write: (log: ReturnType<typeof terminalLog>) => void, remapStack?: (thrown: unknown) => void): string {
  const lines: string[] = [];
  write(terminalLog({ remapStack, write: (line) => void lines.push(stripVTControlCharacters(line)) }));
  return lines.join("\n");
}

test("one line for each message, with the facts that it does not contain already", () => {
  expect(logged((log) => log.info("ready on x", { address: "x", after: "5 ms", none: undefined }))).toBe(
    " • ready on x  after 5 ms",
  );
});

test("an error is printed with its stack, its causes and what the database added", () => {
  const cause = Object.assign(new Error("relation does not exist"), { code: "42P01", routine: "noise" });
  const error = new Error("Failed query", { cause });
  error.stack = `Error: Failed query\n    at handler (${process.cwd()}/convex/a.ts:1:2)\n    at deep (node:internal:1:1)`;
  cause.stack = "Error: relation";
  expect(logged((log) => log.error("a:b failed", { error }))).toBe(
    [
      " ✗ a:b failed",
      "   Error: Failed query",
      "     at handler (convex/a.ts:1:2)",
      "     at deep (node:internal:1:1)",
      "   caused by Error: relation does not exist",
      "   code: 42P01",
    ].join("\n"),
  );
});

test("of the framework's own frames in a stack, only the first four are printed", () => {
  const error = new Error("no");
  const own = (file: string) => `    at run (${process.cwd()}/lib/engine/run/${file}.ts:1:2)`;
  const lines = ["Error: no", ...["a", "b", "c", "d", "e"].map(own), `    at x (${process.cwd()}/convex/a.ts:1:2)`];
  error.stack = lines.join("\n");
  const printed = logged((log) => log.error("a:b failed", { error }));
  expect(printed.match(/lib\/engine\/run\/\w/g)).toHaveLength(4);
  expect(printed).toContain("at x (convex/a.ts:1:2)");
});

test("a stack is remapped before it is printed; any thrown value is printed", () => {
  const translated: unknown[] = [];
  const text = logged(
    (log) => log.warn("odd", { error: { not: "an error" } }),
    (thrown) => translated.push(thrown),
  );
  expect(text).toContain("not: 'an error'");
  expect(translated).toEqual([{ not: "an error" }]);
});
