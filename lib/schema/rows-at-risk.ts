import { innermostMessage } from "../database/driver/database-errors.ts";
import type { DatabaseConnection } from "../database/driver/driver.ts";
import { internalSql } from "../database/internal/internal-sql.ts";
import { sqlState } from "../database/postgres/postgres-errors.ts";
import type { Risk } from "./data-loss.ts";
import type { SchemaSnapshot, TableSnapshot } from "./snapshot/snapshot.ts";

/**
 * The risks that concern rows that exist. Until the transaction ends, no other one writes such rows, except on MySQL.
 */
export async function risksWithRows(
  connection: DatabaseConnection,
  { risks, from }: { risks: readonly Risk[]; from: SchemaSnapshot },
): Promise<Risk[]> {
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
