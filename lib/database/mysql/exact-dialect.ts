import { type Column, type SQL, type SQLChunk, sql } from "drizzle-orm";
import { MySqlDialect } from "drizzle-orm/mysql-core";
import { exactRelation } from "../driver/exact-relations.ts";

/** Drizzle's dialect, with related rows whose numbers are exact. */
export class ExactMySqlDialect extends MySqlDialect {
  override buildRelationalQuery(
    config: Parameters<MySqlDialect["buildRelationalQuery"]>[0],
  ): ReturnType<MySqlDialect["buildRelationalQuery"]> {
    const built = super.buildRelationalQuery(config);
    if (config.nestedQueryRelation) exactRelation(built, "json_array(", asText);
    return built;
  }
}

function asText(column: Column, written: SQLChunk): SQL | undefined {
  return /^(bigint|serial|decimal|numeric)\b/.test(column.getSQLType()) ? sql`cast(${written} as char)` : undefined;
}
