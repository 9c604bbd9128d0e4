import type { Casing, DatabaseConnection, Driver } from "../database/driver/driver.ts";
import { inTransaction, withDatabaseLock } from "../database/internal/database-lock.ts";
import { internalSql } from "../database/internal/internal-sql.ts";
import { readMeta, writeMeta } from "../database/internal/internal-tables.ts";
import { findDataLoss, type Risk } from "./data-loss.ts";
import { introspect } from "./introspect/introspect.ts";
import { introspectedSchema, isUnchanged } from "./introspect/introspected-schema.ts";
import { recordMigrations } from "./migrations/development-migrations.ts";
import { planChange } from "./plan/plan-change.ts";
import { rebuildWithDependents } from "./plan/rebuild-sqlite-table.ts";
import { suggestRename } from "./plan/suggest-rename.ts";
import { codeOf, otherDialect, type RefusedPush, refusal, refusedByDatabase, unplanned } from "./refusal.ts";
import { risksWithRows } from "./rows-at-risk.ts";
import type { SchemaRead } from "./snapshot/drizzle-kit-child.ts";
import { DrizzleKitProcess, UnplannedError } from "./snapshot/drizzle-kit-process.ts";
import { type SchemaSnapshot, shownTable } from "./snapshot/snapshot.ts";

/** The result of pushing a schema to a database. */
export type PushResult = { status: "upToDate" } | { status: "applied"; statements: string[] } | RefusedPush;

export interface PushSchemaOptions {
  driver: Driver;
  /** The absolute path of `convex/schema.ts`. */
  schemaPath: string;
  /** How columns without a name of their own are named in the database. Default: as in the schema. */
  casing?: Casing | undefined;
  /** A process that is kept between calls saves most of a second each time. Default: a process for this call only. */
  drizzleKit?: DrizzleKitProcess;
  /** The code of a refused plan that the user accepts. That plan is carried out, whatever is lost. */
  accept?: string | undefined;
  /** The folder of drizzle-kit's migrations. Those whose changes the database already has are recorded as run. */
  migrations?: string;
}

/**
 * In development, changes the database to what the schema says, all or nothing, as long as no row can be lost or
 * refused. A change that could lose one is left to a person, and returned as `refused`. Never asks at the terminal.
 *
 * The change is the difference between two of drizzle-kit's snapshots: that of the schema, and that of the database.
 * The latter is made each time from the database itself (`introspected-schema.ts`). So it is right also after
 * drizzle-kit push or migrate, a change by hand, an earlier release of this framework, and a process that ended between
 * two statements on a database that keeps each (MySQL). The snapshot that is stored from the last push only says which
 * tables are the author's: other tables are left alone, and a table that was removed from the schema is recognised.
 */
export async function pushSchema(options: PushSchemaOptions): Promise<PushResult> {
  const { driver, schemaPath, drizzleKit } = options;
  const ownProcess = drizzleKit ?? new DrizzleKitProcess();
  try {
    const schema = await ownProcess.read(schemaPath, options.casing);
    const target = schema.snapshots[driver.dialect];
    if (!target) return refusal(driver, { statements: [], reasons: [otherDialect(driver, schema)] });
    return await withDatabaseLock(driver, async () => {
      const elsewhere = await inTransaction(driver, "read", madeElsewhere);
      if (elsewhere !== undefined) return refusal(driver, { statements: [], reasons: [elsewhere] });
      const intent = await intend(driver, ownProcess, target, schema);
      await recordMigrations(driver, options.migrations, intent.introspected);
      const result = await apply(driver, intent, options.accept);
      if (result.status !== "refused") await recordMigrations(driver, options.migrations, intent.fingerprint);
      return result;
    });
  } catch (error) {
    if (error instanceof UnplannedError) return refusal(driver, { statements: [], reasons: [unplanned(error)] });
    throw error;
  } finally {
    if (drizzleKit === undefined) ownProcess.close();
  }
}

/** The planned change, and what has to be checked before it. */
interface Intent {
  /** The schema that the database has. */
  from: SchemaSnapshot;
  /** The schema that it is to have, and its fingerprint. */
  target: SchemaSnapshot;
  fingerprint: string;
  /** The fingerprint stored by the last push; undefined when the database has changed since. */
  introspected: string | undefined;
  statements: string[];
  risks: Risk[];
  /** The last push stored this target already. */
  remembered: boolean;
}

async function intend(
  driver: Driver,
  drizzleKit: DrizzleKitProcess,
  target: SchemaSnapshot,
  { fingerprints, filledByCode }: SchemaRead,
): Promise<Intent> {
  const fingerprint = fingerprints[driver.dialect] ?? "";
  const kept = await inTransaction(driver, "read", async (connection) => ({
    fingerprint: await readMeta(connection, "schema"),
    snapshot: await readMeta(connection, "snapshot"),
    underWay: await readMeta(connection, "snapshot under way"),
  }));
  const earlier = [kept.underWay, kept.snapshot].flatMap((text) => (text ? [JSON.parse(text) as SchemaSnapshot] : []));
  const { introspected, candidates } = await introspect(driver, drizzleKit, [target, ...earlier]);
  const from = introspectedSchema(introspected, candidates);
  const keyNames = new Map(
    Object.entries(from.tables).map(([key, table]) => [
      shownTable(table),
      introspected.tables.get(key)?.primaryKeyName,
    ]),
  );
  return {
    from,
    target,
    fingerprint,
    introspected: isUnchanged(introspected, candidates.at(-1), kept.fingerprint) ? kept.fingerprint : undefined,
    statements: await planChange(drizzleKit, driver.dialect, from, target, (table) => keyNames.get(table)),
    risks: findDataLoss(from, target, driver.dialect, filledByCode),
    remembered: kept.fingerprint === fingerprint && kept.snapshot !== undefined,
  };
}

async function apply(driver: Driver, intent: Intent, accept: string | undefined): Promise<PushResult> {
  const { statements, remembered } = intent;
  if (statements.length === 0 && remembered) return { status: "upToDate" };
  let run = 0;
  try {
    return await inTransaction(driver, "define", async (connection) => {
      const inTheWay = await risksWithRows(connection, intent);
      // A throw, because the transaction has to be rolled back; it is caught below.
      if (inTheWay.length > 0 && accept !== codeOf(statements)) throw new Refused(inTheWay);
      await rememberUnderWay(connection, intent);
      await rebuildWithDependents(connection, intent, async (statement) => {
        await connection.execute(statement);
        run++;
      });
      // The statements may have made a schema named like the user, and then made tables there.
      const elsewhere = await madeElsewhere(connection);
      if (elsewhere !== undefined) throw new Refused([{ table: undefined, holding: [], reason: elsewhere }]);
      await remember(connection, intent);
      return statements.length === 0 ? { status: "upToDate" } : { status: "applied", statements };
    });
  } catch (error) {
    const given = { statements, given: accept, rename: suggestRename(intent.from, intent.target, driver.dialect) };
    if (error instanceof Refused) {
      const reasons = error.risks.map(({ reason }) => reason);
      return refusal(driver, { ...given, reasons, hopeless: error.risks.some(({ impossible }) => impossible) });
    }
    if (driver.classify(error) !== "other") throw error;
    return refusal(driver, { ...given, reasons: [refusedByDatabase(driver, error, run)], hopeless: true });
  }
}

/** Rolls the transaction back because of rows that are in danger. */
class Refused extends Error {
  readonly risks: Risk[];

  constructor(risks: Risk[]) {
    super("rows are in the way");
    this.risks = risks;
  }
}

/**
 * Why tables would not be made in the schema "public"; undefined when they would. drizzle-kit creates tables, and
 * Drizzle queries them, by their bare names. drizzle-kit drops them, and the code here reads them, in "public". Unless
 * both are the same schema, a table would be dropped in place of another one of its name.
 */
async function madeElsewhere(connection: DatabaseConnection): Promise<string | undefined> {
  if (connection.dialect !== "pg") return undefined;
  const [row] = await connection.execute(
    "select current_schema() as made, current_user as who, current_setting('search_path') as path",
  );
  if (row?.made === "public") return undefined;
  const where = row?.made == null ? "in no schema" : `in schema "${row.made}"`;
  return (
    `Development keeps tables in the schema "public", but this user's search_path (${row?.path}) looks for them ${where} first: ` +
    `run \`alter role ${internalSql.pg.quoted(String(row?.who))} set search_path to public\` and restart the server.`
  );
}

/**
 * For a database that keeps each statement at once. If this process ends before the last statement, the next push knows
 * by this snapshot which of the tables are the author's, even if the schema was changed meanwhile.
 */
async function rememberUnderWay(connection: DatabaseConnection, { target }: Intent): Promise<void> {
  if (internalSql[connection.dialect].definitionsRollBack) return;
  await writeMeta(connection, "snapshot under way", JSON.stringify(target));
}

async function remember(connection: DatabaseConnection, { target, fingerprint }: Intent): Promise<void> {
  await writeMeta(connection, "schema", fingerprint);
  await writeMeta(connection, "snapshot", JSON.stringify(target));
}
