import { type Column, is, type SQL, type SQLChunk, sql } from "drizzle-orm";
import { SQLiteAsyncDialect, SQLiteCustomColumn, SQLiteNumericBigInt } from "drizzle-orm/sqlite-core";
import { exactRelation } from "../driver/exact-relations.ts";

/** Drizzle's dialect, with related rows whose integers are exact. */
export class ExactSqliteDialect extends SQLiteAsyncDialect {
  override buildRelationalQuery(
    config: Parameters<SQLiteAsyncDialect["buildRelationalQuery"]>[0],
  ): ReturnType<SQLiteAsyncDialect["buildRelationalQuery"]> {
    const built = super.buildRelationalQuery(config);
    if (config.nestedQueryRelation) exactRelation(built, "json_array(", asText);
    return built;
  }
}

const SAFE = sql.raw(String(Number.MAX_SAFE_INTEGER));

/** Only an integer that a number would round becomes text: a custom type may expect the others as numbers. */
function asText(column: Column, written: SQLChunk): SQL | undefined {
  if (!is(column, SQLiteCustomColumn) && !is(column, SQLiteNumericBigInt)) return undefined;
  const isRounded = sql`typeof(${written}) = 'integer' and ${written} not between -${SAFE} and ${SAFE}`;
  return sql`case when ${isRounded} then cast(${written} as text) else ${written} end`;
}
