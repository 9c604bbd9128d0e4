import { type Column, is, type Query, type SQL, type SQLChunk, sql } from "drizzle-orm";
import { PgArray, PgDialect, PgTimestampString } from "drizzle-orm/pg-core";
import { exactRelation } from "../driver/exact-relations.ts";
import { PlannedStatements } from "../plans/planned-statements.ts";

/** Drizzle's dialect, with related rows whose numbers are exact, and statements that are built once for each shape. */
export class ExactPgDialect extends PgDialect {
  readonly #planned = new PlannedStatements((sql) => super.sqlToQuery(sql));

  override sqlToQuery(...[sql, source]: Parameters<PgDialect["sqlToQuery"]>): Query {
    return this.#planned.queryOf(sql) ?? super.sqlToQuery(sql, source);
  }

  override buildSelectQuery(config: Parameters<PgDialect["buildSelectQuery"]>[0]): SQL {
    return this.#planned.plain("select", config, (parts) => super.buildSelectQuery(parts));
  }

  override buildDeleteQuery(config: Parameters<PgDialect["buildDeleteQuery"]>[0]): SQL {
    return this.#planned.plain("delete", config, (parts) => super.buildDeleteQuery(parts));
  }

  override buildInsertQuery(config: Parameters<PgDialect["buildInsertQuery"]>[0]): SQL {
    return this.#planned.insert(config, (parts) => super.buildInsertQuery(parts));
  }

  override buildUpdateQuery(config: Parameters<PgDialect["buildUpdateQuery"]>[0]): SQL {
    return this.#planned.update(config, (parts) => super.buildUpdateQuery(parts));
  }

  override buildRelationalQueryWithoutPK(
    config: Parameters<PgDialect["buildRelationalQueryWithoutPK"]>[0],
  ): ReturnType<PgDialect["buildRelationalQueryWithoutPK"]> {
    return this.#planned.relational(config, (parts) => {
      const built = super.buildRelationalQueryWithoutPK(parts);
      if (parts.nestedQueryRelation) exactRelation(built, "json_build_array(", asText);
      return built;
    });
  }
}

/** In JSON a timestamp has a "T" that it has nowhere else. Of an array, Drizzle reads PostgreSQL's own text. */
function asText(column: Column, written: SQLChunk): SQL | undefined {
  const isExact = /^(bigint|bigserial|numeric|decimal)\b/.test(column.getSQLType());
  const isArray = column.getSQLType().endsWith("]");
  if ((isExact && (!isArray || is(column, PgArray))) || is(column, PgTimestampString)) return sql`${written}::text`;
  return undefined;
}
