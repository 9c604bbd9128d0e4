import { alone, inTransaction } from "./alone.ts";
import { dialects } from "./dialects.ts";
import type { Connection, Driver } from "./driver.ts";
import { innermostMessage } from "./failure.ts";
import { readMeta, writeMeta } from "./internal-tables.ts";
import { judgePlan } from "./judge-plan.ts";
import { SchemaPlanner, UnplannedError } from "./schema-planner.ts";
import type { SchemaPlan } from "./schema-planner-child.ts";

/** How a database stands to its schema after an attempt to bring it in line. */
export type BroughtInLine =
  | { status: "inLine" }
  | { status: "applied"; statements: string[] }
  /** Nothing was changed. `message` is for the terminal: what changed, why it was not applied, what to do. */
  | { status: "refused"; statements: string[]; reasons: string[]; message: string };

export interface BringInLineOptions {
  driver: Driver;
  /** The absolute path of `convex/schema.ts`. */
  schemaPath: string;
  /** Kept from one time to the next it saves most of a second. Default: one for this time only. */
  planner?: SchemaPlanner;
}

/**
 * Development: changes the database to what the schema says, all or nothing, as long as no row can be lost or refused.
 * What could is left for a person to decide, and comes back as `refused`. Never asks at the terminal.
 */
export async function bringInLine({ driver, schemaPath, planner }: BringInLineOptions): Promise<BroughtInLine> {
  const ownPlanner = planner ?? new SchemaPlanner();
  try {
    return await alone(driver, async () => {
      const intent = await inTransaction(driver, "read", (connection) => intend(connection, schemaPath, ownPlanner));
      if (intent.reasons.length > 0) return refusal(intent);
      return await apply(driver, intent);
    });
  } catch (error) {
    if (error instanceof UnplannedError) return refusal({ statements: [], reasons: [unplanned(error)] });
    throw error;
  } finally {
    if (planner === undefined) ownPlanner.close();
  }
}

/** What is to be done, or why not. */
interface Intent {
  statements: string[];
  reasons: string[];
  plan: SchemaPlan;
  /** What is remembered of the last time is what would be remembered now. */
  remembered: boolean;
}

async function intend(connection: Connection, schemaPath: string, planner: SchemaPlanner): Promise<Intent> {
  const plan = await planner.plan(schemaPath, (sql) => connection.execute(sql));
  const known = JSON.parse((await readMeta(connection, "tables")) ?? "[]") as string[];
  const statements: string[] = [];
  const reasons: string[] = [];
  // drizzle-kit puts several statements into one, and an index built "concurrently" cannot be part of a transaction.
  const single = plan.statements
    .flatMap((statement) => statement.split("--> statement-breakpoint"))
    .map((statement) => statement.trim().replace(/^(CREATE (?:UNIQUE )?INDEX) CONCURRENTLY/i, "$1"))
    .filter((statement) => statement !== "");
  for (const [i, judgement] of judgePlan(single).entries()) {
    if (judgement.kind === "leave") continue;
    statements.push(single[i] as string);
    if (judgement.kind === "refused") reasons.push(judgement.reason);
    if (judgement.kind === "needsEmpty" && (await hasRows(connection, judgement.table))) reasons.push(judgement.reason);
  }
  const gone = await existing(
    connection,
    known.filter((table) => !plan.tables.includes(table)),
  );
  for (const table of gone) {
    if (await hasRows(connection, table))
      reasons.push(`Table ${table} is no longer in the schema and would be dropped with its rows.`);
  }
  if (gone.length > 0) statements.push(`DROP TABLE ${gone.join(", ")};`);
  return { statements, reasons, plan, remembered: await isRemembered(connection, plan, known) };
}

async function apply(driver: Driver, { statements, plan, remembered }: Intent): Promise<BroughtInLine> {
  if (statements.length === 0 && remembered) return { status: "inLine" };
  try {
    await inTransaction(driver, "define", async (connection) => {
      for (const statement of statements) await connection.execute(statement);
      await writeMeta(connection, "schema", plan.fingerprint);
      await writeMeta(connection, "tables", JSON.stringify(plan.tables));
    });
  } catch (error) {
    if (driver.classify(error) !== "other") throw error;
    return refusal({ statements, reasons: [`The database refused: ${innermostMessage(error)}`] });
  }
  return statements.length === 0 ? { status: "inLine" } : { status: "applied", statements };
}

async function isRemembered(connection: Connection, plan: SchemaPlan, known: string[]): Promise<boolean> {
  return (
    (await readMeta(connection, "schema")) === plan.fingerprint && JSON.stringify(known) === JSON.stringify(plan.tables)
  );
}

/** A table that does not exist yet has none. */
async function hasRows(connection: Connection, table: string): Promise<boolean> {
  if ((await existing(connection, [table])).length === 0) return false;
  return (await connection.execute(`select 1 from ${table} limit 1`)).length > 0;
}

async function existing(connection: Connection, tables: string[]): Promise<string[]> {
  const { sql, params } = dialects[connection.dialect].existing(tables);
  const rows = await connection.execute(sql, params);
  return rows.map((row) => String(row.name));
}

function unplanned({ needsAnswer, message }: UnplannedError): string {
  return needsAnswer
    ? "Something was removed and something like it added: only you know whether it was renamed."
    : `drizzle-kit failed: ${message}`;
}

function refusal({ statements, reasons }: Pick<Intent, "statements" | "reasons">): BroughtInLine {
  const lines = [
    "The database was not changed to match convex/schema.ts:",
    ...reasons.map((reason) => `  - ${reason}`),
    ...(statements.length > 0 ? ["It would have run:", ...statements.map((statement) => `  ${statement}`)] : []),
    "To do it all the same, run `pnpm drizzle-kit push`, which asks before it loses anything. Otherwise change the schema back.",
  ];
  return { status: "refused", statements, reasons, message: lines.join("\n") };
}
