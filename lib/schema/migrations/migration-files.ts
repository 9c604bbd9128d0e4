import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readMigrationFiles } from "drizzle-orm/migrator";
import type { DatabaseConnection, Dialect } from "../../database/driver/driver.ts";
import { internalSql } from "../../database/internal/internal-sql.ts";
import { schemaFingerprint } from "../snapshot/fingerprint.ts";
import type { SchemaSnapshot } from "../snapshot/snapshot.ts";

/** One of drizzle-kit's migrations. */
export interface Migration {
  name: string;
  statements: string[];
  hash: string;
  /** When it was generated, in milliseconds since 1970. By this Drizzle tells which migrations a database has had. */
  when: number;
  /** The snapshot of the schema after it, and that schema's fingerprint; undefined when the file does not exist. */
  snapshot: SchemaSnapshot | undefined;
  fingerprint: string | undefined;
}

/** The migrations in a folder into which drizzle-kit generates, oldest first. */
export function readMigrations(folder: string): Migration[] {
  const journalFile = join(folder, "meta", "_journal.json");
  if (!existsSync(journalFile)) return [];
  const { entries } = JSON.parse(readFileSync(journalFile, "utf8")) as { entries: Array<{ idx: number; tag: string }> };
  if (entries.length === 0) return [];
  return readMigrationFiles({ migrationsFolder: folder }).map(({ sql, hash, folderMillis }, i) => {
    const number = String(entries[i]?.idx ?? i).padStart(4, "0");
    const snapshot = snapshotIn(join(folder, "meta", `${number}_snapshot.json`));
    return {
      name: entries[i]?.tag ?? String(i),
      statements: sql,
      hash,
      when: folderMillis,
      snapshot,
      fingerprint: snapshot && schemaFingerprint(snapshot),
    };
  });
}

/** The dialect that drizzle-kit noted in its journal; undefined for one that convex-lite does not support. */
export function dialectOfMigrations(folder: string): Dialect | undefined {
  const { dialect } = JSON.parse(readFileSync(join(folder, "meta", "_journal.json"), "utf8")) as { dialect?: string };
  if (dialect === "postgresql") return "pg";
  return dialect === "sqlite" || dialect === "mysql" ? dialect : undefined;
}

function snapshotIn(file: string): SchemaSnapshot | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as SchemaSnapshot) : undefined;
}

/** How many of the migrations the database has had. As in Drizzle, these are all not newer than the newest recorded. */
export async function recordedOf(connection: DatabaseConnection, migrations: readonly Migration[]): Promise<number> {
  const { existing, migrations: records } = internalSql[connection.dialect];
  const { table, create } = records;
  const { sql, params } = existing([table]);
  // Creates only what is missing: "if not exists" needs the right to create, which a user in production may lack.
  const isThere = (await connection.execute(sql, params)).length > 0;
  for (const statement of isThere ? [] : create) await connection.execute(statement);
  const [row] = await connection.execute(`select max(created_at) as newest from ${table}`);
  if (row?.newest == null) return 0;
  return migrations.findLastIndex(({ when }) => when <= Number(row.newest)) + 1;
}

/** Records a migration in the table of Drizzle's migrator, which `drizzle-kit migrate` reads as well. */
export function record(connection: DatabaseConnection, { hash, when }: Migration): Promise<unknown> {
  const { table } = internalSql[connection.dialect].migrations;
  return connection.change(`insert into ${table} (hash, created_at) values ($1, $2)`, [hash, when]);
}
