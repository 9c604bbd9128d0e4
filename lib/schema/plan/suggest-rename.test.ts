import { generateDrizzleJson, generateMySQLDrizzleJson } from "drizzle-kit/api";
import * as my from "drizzle-orm/mysql-core";
import * as pg from "drizzle-orm/pg-core";
import { expect, test } from "vitest";
import type { SchemaSnapshot } from "../snapshot/snapshot.ts";
import { suggestRename } from "./suggest-rename.ts";

const app = pg.pgSchema("app");
const messages = (columns: Record<string, pg.PgColumnBuilderBase>) => ({ messages: pg.pgTable("messages", columns) });
const rename = (before: Record<string, unknown>, after: Record<string, unknown>): string | undefined =>
  suggestRename(generateDrizzleJson(before) as SchemaSnapshot, generateDrizzleJson(after) as SchemaSnapshot, "pg");
const before = messages({ id: pg.integer(), author: pg.text() });

test("suggests to rename one column to one of its type, or one table to one with its columns", async () => {
  expect(rename(before, messages({ id: pg.integer(), writer: pg.text() }))).toBe(
    'ALTER TABLE "messages" RENAME COLUMN "author" TO "writer";',
  );
  expect(rename({ a: app.table("old", { id: pg.integer() }) }, { a: app.table("new", { id: pg.integer() }) })).toBe(
    'ALTER TABLE "app"."old" RENAME TO "new";',
  );
  const mysql = async (column: string) =>
    (await generateMySQLDrizzleJson({ a: my.mysqlTable("a", { [column]: my.int() }) })) as SchemaSnapshot;
  expect(suggestRename(await mysql("x"), await mysql("y"), "mysql")).toBe("ALTER TABLE `a` RENAME COLUMN `x` TO `y`;");
});

test("suggests nothing where there are more, or where they differ", () => {
  expect(rename(before, messages({ id: pg.integer() }))).toBeUndefined();
  expect(rename(before, messages({ id: pg.integer(), writer: pg.integer() }))).toBeUndefined();
  expect(rename(before, messages({ id: pg.integer(), writer: pg.text(), editor: pg.text() }))).toBeUndefined();
  expect(rename(before, messages({ key: pg.integer(), writer: pg.text() }))).toBeUndefined();
  expect(rename(before, { notes: pg.pgTable("notes", { id: pg.integer() }) })).toBeUndefined();
  expect(rename(before, { a: app.table("messages", { id: pg.integer(), author: pg.text() }) })).toBeUndefined();
});
