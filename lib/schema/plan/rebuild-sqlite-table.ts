import type { DatabaseConnection } from "../../database/driver/driver.ts";
import { internalSql } from "../../database/internal/internal-sql.ts";
import type { SchemaSnapshot } from "../snapshot/snapshot.ts";

/**
 * Runs a plan. To rebuild a table of SQLite, the plan drops the old table, which also drops triggers and indexes that
 * were made by hand. Then it renames the new table, which SQLite refuses while a view or a trigger refers to a table
 * that does not exist. So all views and triggers are dropped before the plan, and they and the indexes are made again
 * after it, unless the plan itself makes or drops them.
 */
export async function rebuildWithDependents(
  connection: DatabaseConnection,
  { statements, from }: { statements: readonly string[]; from: SchemaSnapshot },
  run: (statement: string) => Promise<void>,
): Promise<void> {
  const rebuilds = connection.dialect === "sqlite" && statements.some((each) => /^CREATE TABLE `__new_/.test(each));
  if (!rebuilds) {
    for (const statement of statements) await run(statement);
    return;
  }
  const { quoted } = internalSql.sqlite;
  const ours = new Set(Object.values(from.tables).flatMap(({ indexes }) => Object.keys(indexes)));
  const all = await dependents(connection);
  const aside = all.filter(({ type }) => type !== "index");
  // "if exists", because dropping a view drops its triggers.
  for (const { type, name } of aside) await connection.execute(`drop ${type} if exists ${quoted(name)}`);
  const planned = new Set(statements.flatMap((each) => /^(?:DROP|CREATE) VIEW `(.*?)`/.exec(each)?.[1] ?? []));
  for (const statement of statements) {
    if (/^DROP VIEW /.test(statement)) continue;
    await run(statement);
  }
  const introspected = new Set((await dependents(connection)).map(({ name }) => name));
  const tables = new Set((await objects(connection, ["table"])).map(({ name }) => name));
  // Views before triggers, because a trigger may belong to a view.
  for (const type of ["index", "view", "trigger"]) {
    for (const each of all.filter((one) => one.type === type)) {
      if (introspected.has(each.name) || planned.has(each.name) || (type === "index" && ours.has(each.name))) continue;
      const isAboutSomething = type === "view" || tables.has(each.table) || all.some(({ name }) => name === each.table);
      if (isAboutSomething) await connection.execute(each.sql);
    }
  }
}

interface Dependent {
  type: string;
  name: string;
  table: string;
  sql: string;
}

function dependents(connection: DatabaseConnection): Promise<Dependent[]> {
  return objects(connection, ["view", "trigger", "index"]);
}

async function objects(connection: DatabaseConnection, types: readonly string[]): Promise<Dependent[]> {
  const rows = await connection.execute(
    "select type, name, tbl_name as [table], sql from sqlite_schema where type in (select value from json_each($1)) and sql is not null",
    [JSON.stringify(types)],
  );
  return rows.map(({ type, name, table, sql }) => ({
    type: String(type),
    name: String(name),
    table: String(table),
    sql: String(sql),
  }));
}
