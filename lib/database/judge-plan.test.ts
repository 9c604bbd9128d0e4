import { expect, test } from "vitest";
import { judgePlan } from "./judge-plan.ts";

const judge = (...statements: string[]): string[] => judgePlan(statements).map(({ kind }) => kind);

test.each([
  'CREATE TABLE "a" (\n\t"id" integer PRIMARY KEY\n);',
  'CREATE TYPE "public"."mood" AS ENUM(\'ok\');',
  "ALTER TYPE \"public\".\"mood\" ADD VALUE 'sad' BEFORE 'ok';",
  'CREATE INDEX "i" ON "a" USING btree ("x");',
  'DROP INDEX "i";',
  'ALTER TABLE "a" ADD COLUMN "x" text;',
  'ALTER TABLE "a" ADD COLUMN "x" text DEFAULT \'it is NOT NULL\';',
  'ALTER TABLE "a" ADD COLUMN "x" text DEFAULT \'\' NOT NULL;',
  'ALTER TABLE "app"."a" ADD COLUMN "x" timestamp DEFAULT now() NOT NULL;',
  'ALTER TABLE "a" ADD COLUMN "x" integer NOT NULL GENERATED ALWAYS AS IDENTITY (sequence name "s");',
  'ALTER TABLE "a" ADD COLUMN "x" integer GENERATED ALWAYS AS ("y" * 2) STORED NOT NULL;',
  'ALTER TABLE "a" ADD COLUMN "id" serial PRIMARY KEY NOT NULL;',
  'ALTER TABLE "a" ALTER COLUMN "x" SET DEFAULT 1;',
  'ALTER TABLE "a" ALTER COLUMN "x" DROP DEFAULT;',
  'ALTER TABLE "a" ALTER COLUMN "x" DROP NOT NULL;',
  'ALTER TABLE "a" DROP CONSTRAINT "a_x_unique";',
])("safe: %s", (statement) => {
  expect(judge(statement)).toEqual(["safe"]);
});

test.each([
  'ALTER TABLE "a" ADD COLUMN "x" text NOT NULL;',
  'ALTER TABLE "a" ADD COLUMN "default" text NOT NULL;',
  'ALTER TABLE "a" ADD COLUMN "x" integer PRIMARY KEY DEFAULT 1 NOT NULL;',
  'ALTER TABLE "a" DROP COLUMN "x";',
  'ALTER TABLE "a" drop column "x";',
  'ALTER TABLE "a" ALTER COLUMN "x" SET NOT NULL;',
  'ALTER TABLE "a" ALTER COLUMN "x" SET DATA TYPE integer USING "x"::integer;',
  'ALTER TABLE "a" ADD CONSTRAINT "u" UNIQUE("x");',
  'ALTER TABLE "a" ADD CONSTRAINT "p" PRIMARY KEY("x","y");',
  'ALTER TABLE "a" ADD PRIMARY KEY ("x");',
  'ALTER TABLE "a" ADD CONSTRAINT "c" CHECK ("a"."x" > 0);',
  'ALTER TABLE "a" ADD CONSTRAINT "f" FOREIGN KEY ("x") REFERENCES "public"."b"("id") ON DELETE no action;',
  'CREATE UNIQUE INDEX "u" ON "a" USING btree ("x");',
])("only without rows: %s", (statement) => {
  expect(judgePlan([statement])).toMatchObject([{ kind: "needsEmpty", table: '"a"' }]);
});

test("a required column is told its way out, a default; for a key there is none", () => {
  const reason = { kind: "needsEmpty", reason: expect.stringContaining("Give it a .default(…)") };
  expect(judgePlan(['ALTER TABLE "a" ADD COLUMN "x" text NOT NULL;'])).toMatchObject([reason]);
  expect(judgePlan(['ALTER TABLE "a" ADD COLUMN "x" integer PRIMARY KEY NOT NULL;'])).not.toMatchObject([reason]);
});

test.each([
  'DROP TABLE "a" CASCADE;',
  'truncate table "a" cascade;',
  "delete from a;",
  'ALTER TABLE "a" RENAME TO "b";',
  "GRANT ALL ON a TO b;",
  'ALTER VIEW "v" RENAME TO "w";',
])("never: %s", (statement) => {
  expect(judge(statement)).toEqual(["refused"]);
});

test("a rule over columns that the same plan adds without values can be broken by no row", () => {
  const column = 'ALTER TABLE "a" ADD COLUMN "x" integer;';
  expect(judge(column, 'ALTER TABLE "a" ADD CONSTRAINT "f" FOREIGN KEY ("x") REFERENCES "public"."b"("id");')).toEqual([
    "safe",
    "safe",
  ]);
  expect(judge(column, 'ALTER TABLE "a" ADD CONSTRAINT "u" UNIQUE("x");')).toEqual(["safe", "safe"]);
  expect(judge(column, 'ALTER TABLE "a" ADD CONSTRAINT "u" UNIQUE NULLS NOT DISTINCT("x");')).toEqual([
    "safe",
    "needsEmpty",
  ]);
  expect(judge(column, 'ALTER TABLE "a" ADD CONSTRAINT "u" UNIQUE("x","y");')).toEqual(["safe", "needsEmpty"]);
  expect(judge(column, 'ALTER TABLE "b" ADD CONSTRAINT "u" UNIQUE("x");')).toEqual(["safe", "needsEmpty"]);
  const filled = 'ALTER TABLE "a" ADD COLUMN "x" integer DEFAULT 1;';
  expect(judge(filled, 'ALTER TABLE "a" ADD CONSTRAINT "u" UNIQUE("x");')).toEqual(["safe", "needsEmpty"]);
});

test("what the schema does not name is left alone, unless it is made anew", () => {
  expect(judge('DROP TYPE "public"."mood";', 'DROP SEQUENCE "public"."s";', 'DROP VIEW "v";')).toEqual([
    "leave",
    "leave",
    "leave",
  ]);
  expect(judge('DROP VIEW "v";', 'CREATE VIEW "v" AS (select 1);')).toEqual(["safe", "safe"]);
});
