import { innermostMessage, UnusableDatabaseError } from "../../database/driver/database-errors.ts";
import type { DatabaseConnection, Dialect, Driver } from "../../database/driver/driver.ts";
import { internalSql } from "../../database/internal/internal-sql.ts";
import type { DrizzleKitProcess } from "../snapshot/drizzle-kit-process.ts";
import { emptySnapshot, type SchemaSnapshot } from "../snapshot/snapshot.ts";
import { catalogues } from "./catalogue.ts";
import type { DescribedTable, Named } from "./described-table.ts";
import type { Candidate, Introspected } from "./introspected-schema.ts";

/**
 * Reads how the database describes the tables of these snapshots, and how it would describe them if they were as each
 * snapshot says. For the latter it creates each table that exists once more, as a temporary table without rows and
 * foreign keys, in a transaction that is rolled back. `introspectedSchema` compares the two. Both are in the database's
 * own words, so the code need not know how a database writes a type, a default or a check.
 */
export async function introspect(
  driver: Driver,
  drizzleKit: DrizzleKitProcess,
  snapshots: readonly SchemaSnapshot[],
): Promise<{ introspected: Introspected; candidates: Candidate[] }> {
  const { dialect } = driver;
  const catalogue = catalogues[dialect];
  const { introspected, others } = await withdrawn(driver, async (connection) => ({
    introspected: await storedTables(connection, snapshots),
    others: await catalogue.others(connection, snapshots),
  }));
  const plans: string[][] = [];
  for (const snapshot of snapshots) {
    plans.push(await drizzleKit.plan(dialect, emptySnapshot(dialect), onlyTables(snapshot, introspected, dialect)));
  }
  const candidates = await withdrawn(driver, async (connection) => {
    const found: Candidate[] = [];
    for (const [i, snapshot] of snapshots.entries()) {
      const words = await temporaryTables(connection, onlyTables(snapshot, introspected, dialect), plans[i] ?? []);
      found.push({ snapshot, words });
    }
    return found;
  });
  return { introspected: { dialect, tables: introspected, others, nameOf: catalogue.nameOf }, candidates };
}

/** Runs `work` in a transaction that is rolled back at its end. */
async function withdrawn<T>(driver: Driver, work: (connection: DatabaseConnection) => Promise<T>): Promise<T> {
  const connection = await driver.connect();
  try {
    await connection.begin("define");
    return await work(connection);
  } finally {
    await connection.rollback();
    connection.release();
  }
}

async function storedTables(
  connection: DatabaseConnection,
  snapshots: readonly SchemaSnapshot[],
): Promise<Map<string, DescribedTable>> {
  const { table } = catalogues[connection.dialect];
  const found = new Map<string, DescribedTable>();
  for (const [key, named] of snapshots.flatMap(({ tables }) => Object.entries(tables))) {
    if (found.has(key)) continue;
    const words = await table(connection, named, "stored");
    if (words) found.set(key, words);
  }
  return found;
}

/** The snapshot reduced to tables that exist, and to what a temporary table can have. */
function onlyTables(
  { tables, internal }: SchemaSnapshot,
  introspected: ReadonlyMap<string, DescribedTable>,
  dialect: Dialect,
): SchemaSnapshot {
  const without = dialect === "pg" ? { foreignKeys: {}, policies: {}, isRLSEnabled: false } : { foreignKeys: {} };
  const there = Object.entries(tables).filter(([key]) => introspected.has(key));
  return {
    ...emptySnapshot(dialect),
    ...(internal === undefined ? {} : { internal }),
    tables: Object.fromEntries(there.map(([key, table]) => [key, { ...table, ...without }])),
  };
}

async function temporaryTables(
  connection: DatabaseConnection,
  { tables }: SchemaSnapshot,
  statements: readonly string[],
): Promise<Map<string, DescribedTable>> {
  const { table, temporarily, dropTemporary } = catalogues[connection.dialect];
  const found = new Map<string, DescribedTable>();
  for (const [key, named] of Object.entries(tables)) {
    const [made, ...indexes] = statements
      .filter((statement) => isAbout(statement, named, connection.dialect))
      .flatMap((statement) => temporarily(statement.trim()) ?? []);
    if (made === undefined) continue;
    if (await succeeds(connection, [made, ...indexes])) {
      const words = await table(connection, named, "temporary");
      if (words) found.set(key, words);
    }
    await connection.execute(dropTemporary(named));
  }
  return found;
}

/** Whether the statement creates this table or one of its indexes. drizzle-kit quotes SQLite's names with backticks. */
function isAbout(statement: string, { name, schema }: Named, dialect: Dialect): boolean {
  const quoted = dialect === "pg" ? internalSql.pg.quoted : internalSql.mysql.quoted;
  const [head = ""] = statement.trim().split("(");
  return (
    /^CREATE (TABLE|(UNIQUE )?INDEX) /.test(head) &&
    ` ${head}`.includes(` ${schema ? `${quoted(schema)}.` : ""}${quoted(name)} `)
  );
}

/**
 * Whether all statements succeed. A table with a type that does not exist yet cannot be created. The savepoint keeps
 * the failure from ending a transaction of PostgreSQL.
 */
async function succeeds(connection: DatabaseConnection, statements: readonly string[]): Promise<boolean> {
  const isolated = connection.dialect === "pg";
  if (isolated) await connection.execute("savepoint temporary_table");
  try {
    for (const statement of statements) await connection.execute(statement);
    return true;
  } catch (error) {
    if (/denied/i.test(innermostMessage(error))) throw new UnusableDatabaseError(mayNot, { cause: error });
    if (isolated) await connection.execute("rollback to savepoint temporary_table");
    return false;
  }
}

const mayNot =
  "Development compares the schema with the database by temporary tables, which the user in DATABASE_URL may not create. " +
  'Grant the right ("grant temporary on database … to …", on MySQL "grant create temporary tables on … to …").';
