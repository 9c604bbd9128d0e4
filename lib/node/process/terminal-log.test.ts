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

const secret = "hunter2";

test.each<[string, Error]>([
  [
    "Drizzle's, with the parameters",
    Object.assign(new Error(`Failed query: insert into users values ($1)\nparams: ${secret},\n    at x`), {
      query: "insert …",
      params: [secret],
    }),
  ],
  ["a key that exists", databaseError({ code: "23505", detail: `Key (a, b)=(1, ${secret}) already exists.` })],
  ["a row that fails", databaseError({ code: "23502", detail: `Failing row contains (7, ${secret}).` })],
  ["a value of another type", databaseError({ code: "22P02" }, `invalid input syntax for type integer: "${secret}"`)],
  [
    "JSON that is none",
    databaseError({ code: "22P02", detail: `Token "${secret}" is invalid.` }, "invalid input syntax for type json"),
  ],
  ["MySQL's duplicate", databaseError({ code: "ER_DUP_ENTRY" }, `Duplicate entry '${secret}' for key 'users.name'`)],
  ["MySQL's wrong value", databaseError({ code: "X" }, `Incorrect integer value: '${secret}' for column 'a' at row 1`)],
])("the values of a caller are not printed: %s", (_, error) => {
  const wrapped = new Error("The mutation failed", { cause: error });
  expect(logged((log) => log.error("users:add failed", { error: wrapped }))).not.toContain(secret);
  const lines: string[] = [];
  terminalLog({ values: true, write: (line) => void lines.push(line) }).error("users:add failed", { error });
  expect(lines.join()).toContain(secret);
});

test("a text cannot move the cursor, forge an entry or fill the disk", () => {
  const evil = `\x1b[2J\r\0\x9b31m\u202e${"x".repeat(300_000)}`;
  const lines: string[] = [];
  const log = terminalLog({ write: (line) => void lines.push(line) });
  const error = Object.assign(new Error(evil), { name: evil, code: evil });
  log.error(evil, { error, fact: evil, other: { deep: evil }, forged: "a\n ✗ forged" });
  log.warn("thrown", { error: evil });
  for (const line of lines) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the log's own colours are the only ones
    expect(line.replace(/\x1b\[\d+m/g, "")).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]|\n ✗/);
    expect(line.length).toBeLessThan(20_000);
  }
});

function databaseError(more: object, message = "the database's own words"): Error {
  return Object.assign(new Error(message), more);
}
