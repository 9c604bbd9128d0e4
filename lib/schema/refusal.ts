import { createHash } from "node:crypto";
import { innermostMessage } from "../database/driver/database-errors.ts";
import type { Driver } from "../database/driver/driver.ts";
import { internalSql } from "../database/internal/internal-sql.ts";
import { invocationOf } from "../project/package-manager.ts";
import type { SchemaRead } from "./snapshot/drizzle-kit-child.ts";
import type { UnplannedError } from "./snapshot/drizzle-kit-process.ts";

/** A push that changed nothing. */
export interface RefusedPush {
  status: "refused";
  statements: string[];
  reasons: string[];
  /** For the terminal: the reasons, the statements, and what to do. */
  message: string;
  /** A reminder of the message, for later. */
  brief: string;
}

/** Why a push is refused. */
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

/** Makes the result of a push that is refused, with its messages. */
export function refusal({ dialect }: Driver, { statements, reasons, hopeless, given, rename }: Refusal): RefusedPush {
  const code = codeOf(statements);
  const acceptable = statements.length > 0 && !hopeless;
  const lines = [
    "The database was not changed to match convex/schema.ts:",
    ...reasons.map((reason) => `  - ${reason}`),
    ...(statements.length > 0 ? ["It would have run:", ...statements.map((statement) => `  ${statement}`)] : []),
    ...(given !== undefined && given !== code ? [`\`--accept ${given}\` is not the code of this plan.`] : []),
    ...(acceptable ? [howToAccept(dialect, code)] : []),
    ...(hopeless ? ["As it is, the database refuses these statements, so they cannot be accepted."] : []),
    ...(rename === undefined
      ? ["Otherwise change the schema back. If something was renamed, you can rename it in the database by hand."]
      : ["If it was renamed, run this in the database, then save again:", `  ${rename}`, "Or change the schema back."]),
  ];
  const accept = acceptable ? `, and \`${acceptBy(code)}\` would change it all the same` : "";
  const brief = `convex/schema.ts does not fit the database${accept}`;
  return { status: "refused", statements, reasons, message: lines.join("\n"), brief };
}

/** The code of a plan: accepting it accepts no other plan than the one that was shown. */
export function codeOf(statements: readonly string[]): string {
  return createHash("sha256").update(statements.join("\0")).digest("hex").slice(0, 8);
}

/**
 * Does not offer `drizzle-kit push` on MySQL, because on MariaDB it reads the database wrongly: every key is new to it.
 */
function howToAccept(dialect: Driver["dialect"], code: string): string {
  const accept = `\`${acceptBy(code)}\`, which runs just these statements`;
  return dialect === "mysql"
    ? `To do it all the same, stop the server and run ${accept}.`
    : `To do it all the same, run \`${invocationOf("drizzle-kit push")}\`, which asks before it loses anything, or stop the server and run ${accept}.`;
}

function acceptBy(code: string): string {
  return invocationOf(`convex-lite dev --accept ${code}`);
}

/** The reason when drizzle-kit could not plan the change. */
export function unplanned({ needsAnswer, message }: UnplannedError): string {
  return needsAnswer
    ? "Something was removed and something like it was added: only you know whether it was renamed."
    : `drizzle-kit failed: ${message}`;
}

/** The reason when the schema is of another database than the one that is open. */
export function otherDialect({ description }: Driver, { dialect }: SchemaRead): string {
  return dialect === "mixed"
    ? "Its tables are of more than one database: define all of them with pgTable, sqliteTable or mysqlTable."
    : `Its tables are of another database than ${description}. To change to that database, restart the server.`;
}

/** The reason when a statement failed, after `run` of them had succeeded. */
export function refusedByDatabase({ dialect }: Driver, error: unknown, run: number): string {
  const kept =
    internalSql[dialect].definitionsRollBack || run === 0 ? "" : ` The first ${run} of the statements were run.`;
  return `The database refused: ${innermostMessage(error)}.${kept}`;
}
