import { type Column, is, type Query, type SQL, type SQLChunk, sql } from "drizzle-orm";
import { SQLiteAsyncDialect, SQLiteCustomColumn, SQLiteNumericBigInt } from "drizzle-orm/sqlite-core";
import { exactRelation } from "../driver/exact-relations.ts";
import { PlannedStatements } from "../plans/planned-statements.ts";

type Dialect = SQLiteAsyncDialect;

/** Drizzle's dialect, with related rows whose integers are exact, and statements that are built once for each shape. */
export class ExactSqliteDialect extends SQLiteAsyncDialect {
  readonly #planned = new PlannedStatements((sql) => super.sqlToQuery(sql));

  override sqlToQuery(...[sql, source]: Parameters<Dialect["sqlToQuery"]>): Query {
    return this.#planned.queryOf(sql) ?? super.sqlToQuery(sql, source);
  }

  override buildSelectQuery(config: Parameters<Dialect["buildSelectQuery"]>[0]): SQL {
    return this.#planned.plain("select", config, (parts) => super.buildSelectQuery(parts));
  }

  override buildDeleteQuery(config: Parameters<Dialect["buildDeleteQuery"]>[0]): SQL {
    return this.#planned.plain("delete", config, (parts) => super.buildDeleteQuery(parts));
  }

  override buildInsertQuery(config: Parameters<Dialect["buildInsertQuery"]>[0]): SQL {
    return this.#planned.insert(config, (parts) => super.buildInsertQuery(parts));
  }

  override buildUpdateQuery(config: Parameters<Dialect["buildUpdateQuery"]>[0]): SQL {
    return this.#planned.update(config, (parts) => super.buildUpdateQuery(parts));
  }

  override buildRelationalQuery(
    config: Parameters<Dialect["buildRelationalQuery"]>[0],
  ): ReturnType<Dialect["buildRelationalQuery"]> {
    return this.#planned.relational(config, (parts) => {
      const built = super.buildRelationalQuery(parts);
      if (parts.nestedQueryRelation) exactRelation(built, "json_array(", asText);
      return built;
    });
  }
}

const SAFE = sql.raw(String(Number.MAX_SAFE_INTEGER));

/** Only an integer that a number would round becomes text: a custom type may expect the others as numbers. */
function asText(column: Column, written: SQLChunk): SQL | undefined {
  if (!is(column, SQLiteCustomColumn) && !is(column, SQLiteNumericBigInt)) return undefined;
  const isRounded = sql`typeof(${written}) = 'integer' and ${written} not between -${SAFE} and ${SAFE}`;
  return sql`case when ${isRounded} then cast(${written} as text) else ${written} end`;
}
