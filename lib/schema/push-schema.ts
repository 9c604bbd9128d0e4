import { createHash } from "node:crypto";
import { innermostMessage } from "../database/driver/database-errors.ts";
import type { DatabaseConnection, Driver } from "../database/driver/driver.ts";
import { inTransaction, withDatabaseLock } from "../database/internal/database-lock.ts";
import { internalSql } from "../database/internal/internal-sql.ts";
import { readMeta, writeMeta } from "../database/internal/internal-tables.ts";
import { sqlState } from "../database/postgres/postgres-errors.ts";
import { findDataLoss, type Risk } from "./data-loss.ts";
import { introspect } from "./introspect/introspect.ts";
import { introspectedSchema, isUnchanged } from "./introspect/introspected-schema.ts";
import { recordMigrations } from "./migrations/development-migrations.ts";
import { planChange } from "./plan/plan-change.ts";
import { rebuildWithDependents } from "./plan/rebuild-sqlite-table.ts";
import { suggestRename } from "./plan/suggest-rename.ts";
import type { SchemaRead } from "./snapshot/drizzle-kit-child.ts";
import { DrizzleKitProcess, UnplannedError } from "./snapshot/drizzle-kit-process.ts";
import { type SchemaSnapshot, shownTable, type TableSnapshot } from "./snapshot/snapshot.ts";

/** The result of pushing a schema to a database. */
export type PushResult =
  | { status: "upToDate" }
  | { status: "applied"; statements: string[] }
  /**
   * Nothing was changed. `message` is for the terminal: the reasons, the statements, and what to do. `brief` is a
   * reminder for later.
   */
  | { status: "refused"; statements: string[]; reasons: string[]; message: string; brief: string };

export interface PushSchemaOptions {
  driver: Driver;
  /** The absolute path of `convex/schema.ts`. */
  schemaPath: string;
  /** A process that is kept between calls saves most of a second each time. Default: a process for this call only. */
  drizzleKit?: DrizzleKitProcess;
  /** The code of a refused plan that the user accepts. That plan is carried out, whatever is lost. */
  accept?: string | undefined;
  /**
   * The folder of drizzle-kit's migrations. The migrations whose changes the database already has are recorded in it.
   */
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
    const schema = await ownProcess.read(schemaPath);
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
 * The risks that concern rows that exist. Until the transaction ends, no other one writes such rows, except on MySQL.
 */
async function risksWithRows(connection: DatabaseConnection, { risks, from }: Intent): Promise<Risk[]> {
  const { quoted } = internalSql[connection.dialect];
  const named = (key: string): string => sqlName(connection, from.tables[key] as TableSnapshot);
  if (connection.dialect === "pg") {
    // All tables are locked before the first select, which takes the snapshot: so the snapshot has every row.
    for (const key of new Set(risks.flatMap(({ table }) => table ?? [])))
      await connection.execute(`lock table ${named(key)} in access exclusive mode`);
  }
  const inTheWay: Risk[] = [];
  for (const risk of risks) {
    const { table, holding, losing, lacking, reason } = risk;
    if (table === undefined) {
      inTheWay.push(risk);
      continue;
    }
    const has = (column: string): string => `${quoted(column)} is not null`;
    const where = [
      "1 = 1",
      ...holding.map(has),
      ...(losing ? [`(${losing.map(has).join(" or ")})`] : []),
      ...(lacking === undefined ? [] : [`${quoted(lacking)} is null`]),
    ].join(" and ");
    const { rows, untold } = await look(connection, `select 1 from ${named(table)} where ${where} limit 1`);
    if (untold !== undefined) {
      inTheWay.push({ ...risk, reason: `${reason} The database does not say whether there are rows: ${untold}.` });
    } else if (rows) inTheWay.push(risk);
  }
  return inTheWay;
}

/**
 * Whether a select finds a row. PostgreSQL may hide rows from a user, even in a table that the user owns (row-level
 * security). With `row_security` off it fails instead of hiding rows. The savepoint undoes the setting and the failure.
 */
async function look(connection: DatabaseConnection, select: string): Promise<{ rows: boolean; untold?: string }> {
  const answer = async () => ({ rows: (await connection.execute(select)).length > 0 });
  if (connection.dialect !== "pg") return answer();
  await connection.execute("savepoint look");
  await connection.execute("set local row_security = off");
  const found = await answer().catch((error: unknown) => {
    if (sqlState(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    return { rows: true, untold: innermostMessage(error) };
  });
  await connection.execute("rollback to savepoint look");
  return found;
}

const INSUFFICIENT_PRIVILEGE = "42501";

function sqlName({ dialect }: DatabaseConnection, { name, schema: given }: TableSnapshot): string {
  const { quoted } = internalSql[dialect];
  const schema = given || (dialect === "pg" ? "public" : undefined);
  return schema ? `${quoted(schema)}.${quoted(name)}` : quoted(name);
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

function unplanned({ needsAnswer, message }: UnplannedError): string {
  return needsAnswer
    ? "Something was removed and something like it was added: only you know whether it was renamed."
    : `drizzle-kit failed: ${message}`;
}

function otherDialect({ description }: Driver, { dialect }: SchemaRead): string {
  return dialect === "mixed"
    ? "Its tables are of more than one database: define all of them with pgTable, sqliteTable or mysqlTable."
    : `Its tables are of another database than ${description}. To change to that database, restart the server.`;
}

function refusedByDatabase({ dialect }: Driver, error: unknown, run: number): string {
  const kept =
    internalSql[dialect].definitionsRollBack || run === 0 ? "" : ` The first ${run} of the statements were run.`;
  return `The database refused: ${innermostMessage(error)}.${kept}`;
}

interface Refusal {
  statements: string[];
  reasons: string[];
  /** The database itself would refuse the statements, so no code to accept them is offered. */
  hopeless?: boolean;
  /** The code that the user gave to accept a plan. */
  given?: string | undefined;
  /** The statement to run if something was renamed. */
  rename?: string | undefined;
}

function refusal({ dialect }: Driver, { statements, reasons, hopeless, given, rename }: Refusal): PushResult {
  const code = codeOf(statements);
  const acceptable = statements.length > 0 && !hopeless;
  const lines = [
    "The database was not changed to match convex/schema.ts:",
    ...reasons.map((reason) => `  - ${reason}`),
    ...(statements.length > 0 ? ["It would have run:", ...statements.map((statement) => `  ${statement}`)] : []),
    ...(given !== undefined && given !== code ? [`\`--accept ${given}\` is not the code of this plan.`] : []),
    ...(acceptable ? [howToAccept(dialect, code)] : []),
    ...(hopeless
      ? ["With the rows there are, the database refuses these statements, so they cannot be accepted."]
      : []),
    ...(rename === undefined
      ? ["Otherwise change the schema back. If something was renamed, you can rename it in the database by hand."]
      : ["If it was renamed, run this in the database, then save again:", `  ${rename}`, "Or change the schema back."]),
  ];
  const accept = acceptable ? `, and \`pnpm dev --accept ${code}\` would change it all the same` : "";
  const brief = `convex/schema.ts does not fit the database${accept}`;
  return { status: "refused", statements, reasons, message: lines.join("\n"), brief };
}

/** The code of a plan: accepting it accepts no other plan than the one that was shown. */
function codeOf(statements: readonly string[]): string {
  return createHash("sha256").update(statements.join("\0")).digest("hex").slice(0, 8);
}

/**
 * Does not offer `drizzle-kit push` on MySQL, because on MariaDB it reads the database wrongly: every key is new to it.
 */
function howToAccept(dialect: Driver["dialect"], code: string): string {
  const accept = `\`pnpm dev --accept ${code}\`, which runs just these statements`;
  return dialect === "mysql"
    ? `To do it all the same, stop the server and run ${accept}.`
    : `To do it all the same, run \`pnpm drizzle-kit push\`, which asks before it loses anything, or stop the server and run ${accept}.`;
}
