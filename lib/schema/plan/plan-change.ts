import type { Dialect } from "../../database/driver/driver.ts";
import type { DrizzleKitProcess } from "../snapshot/drizzle-kit-process.ts";
import { type SchemaSnapshot, sharedTables, type TableSnapshot } from "../snapshot/snapshot.ts";
import { freeingLast, numberingKeysOnly } from "./mysql-plan.ts";
import { convertingByText, droppingKeys } from "./postgres-plan.ts";
import { copyingWhatIsThere, mustRebuild } from "./sqlite-plan.ts";

/**
 * The statements that change one schema into the other: those of drizzle-kit, with its mistakes corrected.
 *
 * Where something is gone and something like it is new, drizzle-kit asks whether it was renamed. Here it is never
 * treated as renamed: the old one is dropped, in a plan of its own, and the new one is made. `findDataLoss` decides
 * whether that may be done without asking.
 */
export async function planChange(
  drizzleKit: DrizzleKitProcess,
  dialect: Dialect,
  from: SchemaSnapshot,
  to: SchemaSnapshot,
  /**
   * The name of a table's primary key in the database, where keys have names. The table as SQL: `"notes"`,
   * `"app"."notes"`.
   */
  nameOfKey: (table: string) => string | undefined,
): Promise<string[]> {
  const between = maybeRenamed(from, to) ? withoutWhatIsGone(from, to) : undefined;
  const steps = between ? [[from, between] as const, [between, to] as const] : [[from, to] as const];
  const statements: string[] = [];
  for (const [before, after] of steps) statements.push(...(await planStep(drizzleKit, dialect, before, after)));
  if (dialect === "pg") return droppingKeys(statements, from, to, nameOfKey);
  return statements;
}

async function planStep(
  drizzleKit: DrizzleKitProcess,
  dialect: Dialect,
  from: SchemaSnapshot,
  to: SchemaSnapshot,
): Promise<string[]> {
  const planned = await drizzleKit.plan(dialect, dialect === "sqlite" ? mustRebuild(from, to) : from, to);
  // drizzle-kit may put several statements into one. An index cannot be built "concurrently" within a transaction.
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
    sharedTables(from, to).some(
      ([before, after]) =>
        isExchanged(before.columns, after.columns) || isExchanged(before.policies ?? {}, after.policies ?? {}),
    )
  );
}

/** Whether a key is gone and another is new. */
function isExchanged(before: object, after: object): boolean {
  return Object.keys(before).some((key) => !(key in after)) && Object.keys(after).some((key) => !(key in before));
}

/** The schema before the change, reduced to what it shares with the schema after it. */
/** The schema before the change, reduced to what it shares with the schema after it. */
/** The schema before the change, reduced to what it shares with the schema after it. */
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

/** A table without the columns that are gone, and without the keys and rules on such columns. */
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
 * Drops tables in one statement, after the foreign keys that lead to them, and without "cascade", which would also drop
 * things that the schema never had, such as a view that was made by hand.
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
