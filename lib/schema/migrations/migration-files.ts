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
  /** When it was generated; drizzle tells by this which ones a database has had. */
  when: number;
  /** Of the schema after it; undefined when its snapshot is not there. */
  snapshot: SchemaSnapshot | undefined;
  fingerprint: string | undefined;
}

/** Those in a folder that drizzle-kit generates into, oldest first. */
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

/** Which database drizzle-kit generated them for, as it noted itself; undefined for one that we do not know. */
export function dialectOfMigrations(folder: string): Dialect | undefined {
  const { dialect } = JSON.parse(readFileSync(join(folder, "meta", "_journal.json"), "utf8")) as { dialect?: string };
  if (dialect === "postgresql") return "pg";
  return dialect === "sqlite" || dialect === "mysql" ? dialect : undefined;
}

function snapshotIn(file: string): SchemaSnapshot | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as SchemaSnapshot) : undefined;
}

/** How many of the migrations the database has had. Drizzle's own rule: those not newer than the newest recorded. */
export async function recordedOf(connection: DatabaseConnection, migrations: readonly Migration[]): Promise<number> {
  const { existing, migrations: records } = internalSql[connection.dialect];
  const { table, create } = records;
  const { sql, params } = existing([table]);
  // A user of production may lack the right to create, which is asked for even where there is nothing to do.
  const isThere = (await connection.execute(sql, params)).length > 0;
  for (const statement of isThere ? [] : create) await connection.execute(statement);
  const [row] = await connection.execute(`select max(created_at) as newest from ${table}`);
  if (row?.newest == null) return 0;
  return migrations.findLastIndex(({ when }) => when <= Number(row.newest)) + 1;
}

/** Where drizzle's own migrator does, so that `drizzle-kit migrate` agrees. */
export function record(connection: DatabaseConnection, { hash, when }: Migration): Promise<unknown> {
  const { table } = internalSql[connection.dialect].migrations;
  return connection.change(`insert into ${table} (hash, created_at) values ($1, $2)`, [hash, when]);
}
