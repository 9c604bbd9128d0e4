import { expect, test } from "vitest";
import { definitionsIn, nameIn } from "./table-definition.ts";

test("only the commas between columns and constraints part them", () => {
  const sql = `CREATE TABLE "odd, (name" (
    \`id\` integer PRIMARY KEY, -- a comment, (with signs
    "a,b" text DEFAULT 'x, (y' , [c)] numeric(10, 2),
    plain int GENERATED ALWAYS AS (id + (1)) VIRTUAL,
    CONSTRAINT "c" CHECK("plain" > 0 and 'it''s, )' <> '/* */')
  ) STRICT`;
  const definitions = definitionsIn(sql);
  expect(definitions.map(nameIn)).toEqual(["id", "a,b", "c)", "plain", "CONSTRAINT"]);
  expect(definitions[3]).toBe("plain int GENERATED ALWAYS AS (id + (1)) VIRTUAL");
  expect(definitions[4]).toBe(`CONSTRAINT "c" CHECK("plain" > 0 and 'it''s, )' <> '/* */')`);
});
