import {
  aliasedTableColumn,
  Column,
  getOperators,
  getOrderByOperators,
  getTableColumns,
  is,
  Param,
  type Query,
  SQL,
  sql,
  type Table,
} from "drizzle-orm";
import { PgColumn } from "drizzle-orm/pg-core";
import { PlannedSql, StatementPlans } from "./statement-plans.ts";

type Fields = Record<string, unknown>;
type Kind = "select" | "insert" | "update" | "delete";

/** What Drizzle makes an insert of, as far as it is read here. */
interface InsertParts {
  readonly table: Table;
  /** Of an insert from a `select`, that one. */
  readonly values: unknown;
  readonly select?: unknown;
}

interface UpdateParts {
  readonly table: Table;
  readonly set: Fields;
}

/** What Drizzle makes a query of `db.query` of, as far as it is read here. */
interface RelationalParts {
  readonly table: Table;
  readonly tableConfig: { readonly columns: Record<string, Column> };
  readonly queryConfig: unknown;
  readonly tableAlias: string;
  /** Only within the query of another table. */
  readonly nestedQueryRelation?: unknown;
}

/** What Drizzle makes of it. */
interface BuiltRelational {
  readonly sql: unknown;
  readonly selection: { readonly tsKey: string; readonly field: unknown }[];
}

/**
 * The statements of one dialect object, built by Drizzle once for each shape (see `StatementPlans`). Here is what Drizzle
 * evaluates while it builds a statement, and what therefore must be evaluated each time: the functions that make defaults,
 * and the callbacks `where` and `orderBy` of `db.query`.
 */
export class PlannedStatements {
  readonly #plans: StatementPlans;
  readonly #columns = new WeakMap<object, Record<string, Column>>();
  readonly #made = new WeakMap<Table, MadeColumns>();
  readonly #operators = getOperators();
  readonly #orders = getOrderByOperators();

  /** @param toQuery Drizzle's own way from a statement to its text. */
  constructor(toQuery: (sql: SQL) => Query) {
    this.#plans = new StatementPlans(toQuery);
  }

  /** The text of a statement that is planned; undefined for another one. */
  queryOf(sql: SQL): Query | undefined {
    return sql instanceof PlannedSql ? sql.query : undefined;
  }

  /** A statement of which Drizzle evaluates nothing while it builds it. */
  plain<Parts extends object>(kind: Kind, parts: Parts, build: (parts: Parts) => SQL): SQL {
    return this.#plans.find(kind, parts, (now) => ({ sql: build(now) })).sql;
  }

  /** Rows that are inserted, with what Drizzle fills into them; or an insert from a `select`. */
  insert<Parts extends InsertParts>(given: Parts, build: (parts: Parts) => SQL): SQL {
    const { table, values } = given;
    if (!Array.isArray(values)) return this.plain("insert", given, build);
    const { inserted } = this.#madeOf(table);
    return this.plain("insert", { ...given, values: values.map((row) => withDefaults(inserted, row)) }, build);
  }

  /** An update, with what Drizzle adds to it. */
  update<Parts extends UpdateParts>(given: Parts, build: (parts: Parts) => SQL): SQL {
    const { updated, silent } = this.#madeOf(given.table);
    return this.plain("update", { ...given, table: silent, set: withUpdates(updated, given.set) }, build);
  }

  /** A query of `db.query`. Those of related rows within it are parts of it. */
  relational<Parts extends RelationalParts, Built extends BuiltRelational>(
    given: Parts,
    build: (parts: Parts) => Built,
  ): Built {
    const { table, tableConfig, tableAlias, queryConfig, nestedQueryRelation } = given;
    if (nestedQueryRelation || !hasParts(queryConfig)) return build(given);
    const config = this.#withoutCallbacks(queryConfig, () => this.#columnsOf(tableConfig, tableAlias));
    return this.#plans.find("relational", { table, tableAlias, config }, (now) => {
      const built = build({ ...given, queryConfig: now.config });
      const selection = built.selection.map((selected) => withOwnColumn(selected, tableConfig));
      return { ...built, sql: built.sql as SQL, selection };
    });
  }

  #madeOf(table: Table): MadeColumns {
    let made = this.#made.get(table);
    if (!made) {
      made = madeColumnsOf(table);
      this.#made.set(table, made);
    }
    return made;
  }

  #withoutCallbacks(config: Fields, columns: () => Record<string, Column>): Fields {
    const { where, orderBy } = config;
    if (typeof where !== "function" && typeof orderBy !== "function") return config;
    return {
      ...config,
      where: typeof where === "function" ? answered(where(columns(), this.#operators), undefined) : where,
      orderBy: typeof orderBy === "function" ? answered(orderBy(columns(), this.#orders)) : orderBy,
    };
  }

  /** The columns that a callback is given. The same objects each time: a shape is known by them. */
  #columnsOf(tableConfig: RelationalParts["tableConfig"], alias: string): Record<string, Column> {
    let columns = this.#columns.get(tableConfig);
    if (!columns) {
      const aliased = Object.entries(tableConfig.columns).map(([name, column]) => [
        name,
        aliasedTableColumn(column, alias),
      ]);
      columns = Object.fromEntries(aliased) as Record<string, Column>;
      this.#columns.set(tableConfig, columns);
    }
    return columns;
  }
}

/** Whether it is more than `true`. A callback `extras` is not understood, and Drizzle calls it between the others. */
function hasParts(config: unknown): config is Fields {
  return typeof config === "object" && config !== null && typeof (config as Fields).extras !== "function";
}

/**
 * The answer of a callback: again as a callback where Drizzle would make something else of the answer alone.
 * @param same Answers that need not be in a callback.
 */
function answered(answer: unknown, ...same: unknown[]): unknown {
  return (typeof answer === "object" && answer !== null) || same.includes(answer) ? answer : () => answer;
}

/** Each value of each row is read by its column: the table's own is faster than the proxy with an alias around it. */
function withOwnColumn<Selected extends BuiltRelational["selection"][number]>(
  selected: Selected,
  { columns }: RelationalParts["tableConfig"],
): Selected {
  return is(selected.field, Column) ? { ...selected, field: columns[selected.tsKey] ?? selected.field } : selected;
}

/** A column, and what makes its value where a statement gives none. */
interface MadeColumn {
  readonly name: string;
  readonly column: Column;
  make(): unknown;
}

interface MadeColumns {
  readonly inserted: readonly MadeColumn[];
  readonly updated: readonly MadeColumn[];
  /** The table without the functions of `updated`, which Drizzle would call once more. */
  readonly silent: Table;
}

const COLUMNS = Symbol.for("drizzle:Columns");

function madeColumnsOf(table: Table): MadeColumns {
  const columns = Object.entries(getTableColumns(table));
  const madeBy = (maker: (column: Column) => (() => unknown) | undefined): MadeColumn[] =>
    columns.flatMap(([name, column]) => {
      const make = maker(column);
      return make ? [{ name, column, make }] : [];
    });
  const updated = madeBy(({ onUpdateFn }) => onUpdateFn);
  return { inserted: madeBy(insertedBy), updated, silent: updated.length > 0 ? silenced(table) : table };
}

function silenced(table: Table): Table {
  const columns = Object.entries(getTableColumns(table)).map(([name, column]) => [
    name,
    Object.create(column, { onUpdateFn: { value: undefined } }),
  ]);
  return Object.create(table, { [COLUMNS]: { value: Object.fromEntries(columns) } });
}

/** PostgreSQL knows the constant defaults itself; for SQLite, Drizzle writes them into each statement. */
function insertedBy(column: Column): (() => unknown) | undefined {
  const { default: constant, defaultFn, onUpdateFn, generated } = column;
  if (generated && generated.type !== "byDefault") return undefined;
  if (is(column, PgColumn)) return defaultFn ?? (constant ? undefined : onUpdateFn);
  return isAbsent(constant) ? (defaultFn ?? onUpdateFn) : () => constant;
}

function withDefaults(made: readonly MadeColumn[], row: Fields): Fields {
  const filled: Fields = {};
  for (const name in row) if (isGiven(row[name])) filled[name] = row[name];
  for (const { name, column, make } of made) if (!(name in filled)) filled[name] = asValue(make(), column);
  return filled;
}

function withUpdates(made: readonly MadeColumn[], set: Fields): Fields {
  const filled = { ...set };
  for (const { name, column, make } of made) {
    const value = make();
    if (isAbsent(set[name])) filled[name] = asValue(value, column);
  }
  return filled;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && !(value instanceof Param && value.value === undefined);
}

/** Drizzle takes a value that is undefined for none, but not an expression that holds it. */
function asValue(made: unknown, column: Column): unknown {
  if (is(made, SQL)) return made;
  const value = new Param(made, column);
  return made === undefined ? sql`${value}` : value;
}
