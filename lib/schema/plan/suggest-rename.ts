import type { Dialect } from "../../database/driver/driver.ts";
import { internalSql } from "../../database/internal/internal-sql.ts";
import { type ColumnSnapshot, type SchemaSnapshot, sharedTables, type TableSnapshot } from "../snapshot/snapshot.ts";

/**
 * The statement for a possible renaming: one table, or one column of one table, is gone, and one like it is new.
 * Undefined where they are not alike, or where there are more of them, so that it is unclear which became which.
 */
export function suggestRename(from: SchemaSnapshot, to: SchemaSnapshot, dialect: Dialect): string | undefined {
  const { quoted } = internalSql[dialect];
  const named = ({ name, schema }: TableSnapshot): string =>
    schema ? `${quoted(schema)}.${quoted(name)}` : quoted(name);
  const tables = exchanged(from.tables, to.tables);
  const columns = sharedTables(from, to)
    .map(([before, after]) => ({ table: after, ...exchanged(before.columns, after.columns) }))
    .filter(({ gone, fresh }) => gone.length + fresh.length > 0);
  if (tables.gone.length + tables.fresh.length === 0) {
    const [only, ...others] = columns;
    const [old, now] = [only?.gone[0], only?.fresh[0]];
    if (!only || !old || !now || others.length > 0 || only.gone.length + only.fresh.length > 2) return undefined;
    if (!sameType(old, now)) return undefined;
    return `ALTER TABLE ${named(only.table)} RENAME COLUMN ${quoted(old.name)} TO ${quoted(now.name)};`;
  }
  const [old, now] = [tables.gone[0], tables.fresh[0]];
  if (!old || !now || columns.length > 0 || tables.gone.length + tables.fresh.length > 2) return undefined;
  return sameColumns(old, now) ? `ALTER TABLE ${named(old)} RENAME TO ${quoted(now.name)};` : undefined;
}

function exchanged<T>(before: Record<string, T>, after: Record<string, T>): { gone: T[]; fresh: T[] } {
  const only = (some: Record<string, T>, others: Record<string, T>): T[] =>
    Object.entries(some).flatMap(([key, value]) => (key in others ? [] : [value]));
  return { gone: only(before, after), fresh: only(after, before) };
}

function sameColumns(old: TableSnapshot, now: TableSnapshot): boolean {
  const columns = Object.values(old.columns);
  return (
    (old.schema ?? "") === (now.schema ?? "") &&
    columns.length === Object.keys(now.columns).length &&
    columns.every((column) => now.columns[column.name] && sameType(column, now.columns[column.name] as ColumnSnapshot))
  );
}

function sameType(old: ColumnSnapshot, now: ColumnSnapshot): boolean {
  return old.type === now.type && (old.typeSchema ?? "") === (now.typeSchema ?? "");
}
