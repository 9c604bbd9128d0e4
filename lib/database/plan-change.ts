import type { Dialect } from "./driver.ts";
import type { SchemaPlanner } from "./schema-planner.ts";
import {
  type ColumnSnapshot,
  primaryKeyOf,
  type SchemaSnapshot,
  shownTable,
  type TableSnapshot,
} from "./schema-snapshot.ts";

/**
 * The statements that make one schema of the other: drizzle-kit's, where those are right.
 *
 * Where something is gone and something like it is new, drizzle-kit would ask whether it was renamed. Here it never was:
 * what is gone is dropped, in a plan of its own, and what is new is made. Whether that may be done unasked is judged
 * elsewhere.
 */
export async function planChange(
  planner: SchemaPlanner,
  dialect: Dialect,
  from: SchemaSnapshot,
  to: SchemaSnapshot,
  /** As SQL: `"notes"` or `"app"."notes"`. Where keys have names, those that they have. */
  nameOfKey: (table: string) => string | undefined,
): Promise<string[]> {
  const between = maybeRenamed(from, to) ? withoutWhatIsGone(from, to) : undefined;
  const steps = between ? [[from, between] as const, [between, to] as const] : [[from, to] as const];
  const statements: string[] = [];
  for (const [before, after] of steps) statements.push(...(await planStep(planner, dialect, before, after)));
  if (dialect === "pg") return droppingKeys(statements, from, to, nameOfKey);
  return statements;
}

async function planStep(
  planner: SchemaPlanner,
  dialect: Dialect,
  from: SchemaSnapshot,
  to: SchemaSnapshot,
): Promise<string[]> {
  const planned = await planner.plan(dialect, dialect === "sqlite" ? toBeMadeAnew(from, to) : from, to);
  // drizzle-kit puts several statements into one, and an index built "concurrently" cannot be part of a transaction.
  const single = planned
    .flatMap((statement) => statement.split("--> statement-breakpoint"))
    .map((statement) => statement.trim().replace(/^(CREATE (?:UNIQUE )?INDEX) CONCURRENTLY/i, "$1"))
    .filter((statement) => statement !== "");
  if (dialect === "sqlite") return single.flatMap((statement) => copyingWhatIsThere(statement, from, to));
  if (dialect === "mysql") {
    const numbered = numberingKeysOnly(single, from, to);
    return droppingLast(freeingLast(numbered, from, to), dialect);
  }
  return droppingLast(single.map(convertingByText), dialect);
}

type Kind = "views" | "enums" | "schemas" | "sequences" | "roles" | "policies";
const kinds: readonly Kind[] = ["views", "enums", "schemas", "sequences", "roles", "policies"];

function maybeRenamed(from: SchemaSnapshot, to: SchemaSnapshot): boolean {
  return (
    isExchanged(from.tables, to.tables) ||
    kinds.some((kind) => isExchanged(from[kind] ?? {}, to[kind] ?? {})) ||
    shared(from, to).some(
      ([before, after]) =>
        isExchanged(before.columns, after.columns) || isExchanged(before.policies ?? {}, after.policies ?? {}),
    )
  );
}

/** Something is gone, and something is new. */
function isExchanged(before: object, after: object): boolean {
  return Object.keys(before).some((key) => !(key in after)) && Object.keys(after).some((key) => !(key in before));
}

function shared(from: SchemaSnapshot, to: SchemaSnapshot): Array<[TableSnapshot, TableSnapshot]> {
  return Object.entries(from.tables).flatMap(([key, before]) => {
    const after = to.tables[key];
    return after ? [[before, after] satisfies [TableSnapshot, TableSnapshot]] : [];
  });
}

function withoutWhatIsGone(from: SchemaSnapshot, to: SchemaSnapshot): SchemaSnapshot {
  const tables = Object.entries(from.tables).flatMap(([key, before]) => {
    const after = to.tables[key];
    return after ? [[key, withoutGoneColumns(before, after)] as const] : [];
  });
  const others = kinds.flatMap((kind) =>
    from[kind] ? [[kind, keep<unknown>(from[kind], (_, key) => key in (to[kind] ?? {}))] as const] : [],
  );
  return { ...from, ...Object.fromEntries(others), tables: Object.fromEntries(tables) };
}

/** And without the keys and rules that are about such a column. */
function withoutGoneColumns(before: TableSnapshot, after: TableSnapshot): TableSnapshot {
  const stays = (name: string): boolean => name in after.columns;
  const aboutColumns = ({
    columns,
  }: {
    columns: ReadonlyArray<string | { expression: string; isExpression: boolean }>;
  }) =>
    columns.every((column) =>
      typeof column === "string" ? stays(column) : column.isExpression || stays(column.expression),
    );
  const asBefore = (
    { name, value }: { name: string; value: string },
    checks: TableSnapshot["checkConstraint"],
  ): boolean => checks?.[name]?.value === value;
  return {
    ...before,
    columns: keep(before.columns, (_, name) => stays(name)),
    indexes: keep(before.indexes, aboutColumns),
    uniqueConstraints: keep(before.uniqueConstraints, aboutColumns),
    compositePrimaryKeys: keep(before.compositePrimaryKeys, aboutColumns),
    foreignKeys: keep(before.foreignKeys, ({ columnsFrom }) => columnsFrom.every(stays)),
    ...(before.checkConstraints
      ? { checkConstraints: keep(before.checkConstraints, (check) => asBefore(check, after.checkConstraints)) }
      : {}),
    ...(before.checkConstraint
      ? { checkConstraint: keep(before.checkConstraint, (check) => asBefore(check, after.checkConstraint)) }
      : {}),
    ...(before.policies ? { policies: keep(before.policies, (_, name) => name in (after.policies ?? {})) } : {}),
  };
}

function keep<T>(from: Record<string, T>, stays: (value: T, key: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(from).filter(([key, value]) => stays(value, key)));
}

/**
 * SQLite can add a column to a table and drop one only within narrow limits, which drizzle-kit does not know. For what is
 * outside of them it is told that something else has changed, too, and then makes the table anew.
 */
function toBeMadeAnew(from: SchemaSnapshot, to: SchemaSnapshot): SchemaSnapshot {
  const tables = Object.entries(from.tables).map(([key, before]) => {
    const after = to.tables[key];
    const [column] = Object.values(before.columns).filter(({ name }) => after?.columns[name]);
    if (!after || !column || !isBeyondAltering(before, after)) return [key, before] as const;
    const marked = { ...column, notNull: after.columns[column.name]?.notNull === false };
    return [key, { ...before, columns: { ...before.columns, [column.name]: marked } }] as const;
  });
  return { ...from, tables: Object.fromEntries(tables) };
}

function isBeyondAltering(before: TableSnapshot, after: TableSnapshot): boolean {
  const added = Object.values(after.columns).filter(({ name }) => !before.columns[name]);
  const refers = ({ name }: ColumnSnapshot): boolean =>
    Object.values(after.foreignKeys).some(({ columnsFrom }) => columnsFrom.includes(name));
  return (
    Object.keys(before.columns).some((name) => !after.columns[name]) ||
    added.some(
      (column) =>
        column.generated?.type === "stored" ||
        (column.default !== undefined && (refers(column) || String(column.default).startsWith("("))) ||
        /current_(time|date|timestamp)/i.test(String(column.default)),
    )
  );
}

/**
 * drizzle-kit copies a table that it makes anew by the columns of the new one, also where the old one lacks them; and
 * switches foreign keys off by statements that do nothing within a transaction, which `begin("define")` has done.
 */
function copyingWhatIsThere(statement: string, from: SchemaSnapshot, to: SchemaSnapshot): string[] {
  if (/^PRAGMA foreign_keys\s*=/i.test(statement)) return [];
  const table = /^INSERT INTO `__new_(.*?)`\(.*\) SELECT .* FROM `\1`;?$/s.exec(statement)?.[1];
  if (table === undefined) return [statement];
  const columns = Object.values(to.tables[table]?.columns ?? {})
    .filter(({ name, generated }) => from.tables[table]?.columns[name] && !generated)
    .map(({ name }) => `"${name.replaceAll('"', '""')}"`)
    .join(", ");
  return columns === "" ? [] : [`INSERT INTO \`__new_${table}\`(${columns}) SELECT ${columns} FROM \`${table}\`;`];
}

/**
 * Tables are dropped together, after the foreign keys that lead to them, and without "cascade", which would take with it
 * what is nobody's business here, such as a view that somebody made by hand.
 */
function droppingLast(statements: readonly string[], dialect: Dialect): string[] {
  const drop = /^DROP TABLE (.*?)(?: CASCADE)?;?$/is;
  const rest = statements.filter((statement) => !drop.test(statement));
  const dropped = statements.flatMap((statement) => drop.exec(statement)?.[1] ?? []);
  if (dropped.length === 0) return rest;
  const names = dropped.map((name) => (dialect === "pg" && !name.includes('"."') ? `"public".${name}` : name));
  const last = rest.findIndex((statement) => /^DROP (TYPE|SCHEMA|SEQUENCE)\b/i.test(statement));
  return rest.toSpliced(last < 0 ? rest.length : last, 0, `DROP TABLE ${names.join(", ")};`);
}

/** PostgreSQL converts few types into others unless it is told how, also where there is no row to convert. */
function convertingByText(statement: string): string {
  return statement.replace(
    /^(ALTER TABLE .* ALTER COLUMN ("(?:[^"]|"")+") SET DATA TYPE )((?:(?!\bUSING\b).)*?);?$/s,
    "$1$3 USING $2::text::$3;",
  );
}

/**
 * For the name of a key drizzle-kit's plan has a comment, to be completed by hand. And what was part of a key stays
 * required, which the schema may not want.
 */
function droppingKeys(
  statements: readonly string[],
  from: SchemaSnapshot,
  to: SchemaSnapshot,
  nameOfKey: (table: string) => string | undefined,
): string[] {
  const optional: string[] = [];
  const named = statements.map((statement) => {
    const [, of, constraint] = /(?:^|-- )ALTER TABLE (\S+) DROP CONSTRAINT "([^"]*)";$/.exec(statement) ?? [];
    const [key = "", before] = Object.entries(from.tables).find(([, table]) => shownTable(table) === of) ?? [];
    const name = of && nameOfKey(of);
    if (!before || !name || (constraint !== "<constraint_name>" && constraint !== name)) return statement;
    const after = to.tables[key];
    const free = primaryKeyOf(before).filter(
      (column) => after?.columns[column]?.notNull === false && !primaryKeyOf(after).includes(column),
    );
    optional.push(...free.map((column) => `ALTER TABLE ${of} ALTER COLUMN "${column}" DROP NOT NULL;`));
    return `ALTER TABLE ${of} DROP CONSTRAINT "${name}";`;
  });
  return [...named, ...optional];
}

/** MySQL numbers only what is a key: a column stops to be numbered before its key is dropped, and begins after it is made. */
function numberingKeysOnly(statements: readonly string[], from: SchemaSnapshot, to: SchemaSnapshot): string[] {
  const numbered = (table: TableSnapshot | undefined): ColumnSnapshot[] =>
    Object.values(table?.columns ?? {}).filter(({ autoincrement }) => autoincrement);
  const modify = (table: string, { name, type }: ColumnSnapshot, more = ""): string =>
    `ALTER TABLE \`${table}\` MODIFY COLUMN \`${name}\` ${type}${more} NOT NULL;`;
  const tables = (change: string): Set<string> =>
    new Set(
      statements.flatMap(
        (each) => new RegExp(`^ALTER TABLE \`(.*?)\` .*\\b${change} PRIMARY KEY`, "s").exec(each)?.[1] ?? [],
      ),
    );
  const added = tables("ADD");
  const begins = (statement: string): boolean => {
    const table = /^ALTER TABLE `(.*?)` MODIFY COLUMN .*\bAUTO_INCREMENT\b/s.exec(statement)?.[1];
    return table !== undefined && added.has(table);
  };
  const stop = [...tables("DROP")].flatMap((table) =>
    numbered(from.tables[table]).map((column) => modify(table, column)),
  );
  const begin = [...added].flatMap((table) => {
    const before = numbered(from.tables[table]).map(({ name }) => name);
    const again = numbered(to.tables[table]).filter(({ name }) => before.includes(name));
    return again.map((column) => modify(table, column, " AUTO_INCREMENT"));
  });
  const rest = statements.filter((statement) => !begins(statement));
  // A foreign key needs its index, and its column.
  const unties = (statement: string): boolean => /^ALTER TABLE `.*?` DROP FOREIGN KEY /.test(statement);
  return [
    ...rest.filter(unties),
    ...stop,
    ...rest.filter((each) => !unties(each)),
    ...new Set([...statements.filter(begins), ...begin]),
  ];
}

/** What was part of a key was required by it, and is made optional last, when the key is gone. drizzle-kit may forget it. */
function freeingLast(statements: readonly string[], from: SchemaSnapshot, to: SchemaSnapshot): string[] {
  const freed = shared(from, to).flatMap(([before, after]) => {
    const stays = primaryKeyOf(after);
    return primaryKeyOf(before).flatMap((name) => {
      const column = after.columns[name];
      return column && !column.notNull && !stays.includes(name) ? [{ table: after.name, column }] : [];
    });
  });
  const beginnings = freed.map(({ table, column }) => `ALTER TABLE \`${table}\` MODIFY COLUMN \`${column.name}\` `);
  const rest = statements.filter(
    (statement) => / NOT NULL;$/.test(statement) || !beginnings.some((each) => statement.startsWith(each)),
  );
  const last = freed.map(({ column: { type, default: value, onUpdate } }, i) => {
    const more = `${value === undefined ? "" : ` DEFAULT ${value}`}${onUpdate ? " ON UPDATE CURRENT_TIMESTAMP" : ""}`;
    return (
      statements.findLast((each) => each.startsWith(beginnings[i] ?? "") && !rest.includes(each)) ??
      `${beginnings[i]}${type}${more};`
    );
  });
  return [...rest, ...last];
}
