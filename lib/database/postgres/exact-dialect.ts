import { type Column, is, type SQL, type SQLChunk, sql } from "drizzle-orm";
import { PgArray, PgDialect, PgTimestampString } from "drizzle-orm/pg-core";
import { exactRelation } from "../driver/exact-relations.ts";

/** Drizzle's dialect, with related rows whose numbers are exact. */
export class ExactPgDialect extends PgDialect {
  override buildRelationalQueryWithoutPK(
    config: Parameters<PgDialect["buildRelationalQueryWithoutPK"]>[0],
  ): ReturnType<PgDialect["buildRelationalQueryWithoutPK"]> {
    const built = super.buildRelationalQueryWithoutPK(config);
    if (config.nestedQueryRelation) exactRelation(built, "json_build_array(", asText);
    return built;
  }
}

/** In JSON a timestamp has a "T" that it has nowhere else. Of an array, Drizzle reads PostgreSQL's own text. */
function asText(column: Column, written: SQLChunk): SQL | undefined {
  const isExact = /^(bigint|bigserial|numeric|decimal)\b/.test(column.getSQLType());
  const isArray = column.getSQLType().endsWith("]");
  if ((isExact && (!isArray || is(column, PgArray))) || is(column, PgTimestampString)) return sql`${written}::text`;
  return undefined;
}
