import type { Dialect } from "../database/driver/driver.ts";
import {
  type ColumnSnapshot,
  checksOf,
  columnsOf,
  type IndexSnapshot,
  type NamedSnapshot,
  primaryKeyOf,
  type SchemaSnapshot,
  shownTable,
  type TableSnapshot,
} from "./snapshot/snapshot.ts";

/** A danger of a change of schema to rows. It exists only while the table has rows that all of the fields describe. */
export interface Risk {
  /** The key of the table in the snapshot before the change; undefined for a loss that does not depend on rows. */
  table: string | undefined;
  /** Only rows with a value in each of these columns are in danger. */
  holding: string[];
  /** Of those, only rows with a value in at least one of these columns. */
  losing?: string[];
  /** Of those, only rows without a value in this column. */
  lacking?: string;
  /** The database refuses the change because of such rows, so that accepting the risk does not help. */
  impossible?: boolean;
  /** What would happen to the rows, in a sentence. */
  reason: string;
}

type RiskOfTable = Omit<Risk, "table">;

/**
 * Finds what in a change of schema could lose rows or values, or be refused because of them. A change without risks may
 * be made without asking.
 * @param filledByCode Columns that `.$defaultFn` fills, as `schema.table.column`.
 */
export function findDataLoss(
  from: SchemaSnapshot,
  to: SchemaSnapshot,
  dialect: Dialect,
  filledByCode: readonly string[] = [],
): Risk[] {
  const ofTables = Object.entries(from.tables).flatMap(([key, table]) => {
    const after = to.tables[key];
    const risks = after ? changed(table, after, dialect, filledByCode) : [anyRow(goneTable(table, from, to))];
    const rules = after ? newRules(table, after) : [];
    const values = lostValues(table, after, from, to).map(anyRow);
    return [...risks, ...values, ...rules].map((risk) => ({ table: key, ...risk }));
  });
  return [...ofTables, ...goneOthers(from, to).map((reason) => ({ table: undefined, holding: [], reason }))];
}

/** Dropped sequences and roles. They hold more than the schema says, so the schema could not restore them. */
function goneOthers(from: SchemaSnapshot, to: SchemaSnapshot): string[] {
  const gone = (kind: "sequences" | "roles"): NamedSnapshot[] =>
    Object.entries(from[kind] ?? {}).flatMap(([key, each]) => (to[kind]?.[key] ? [] : [each]));
  return [
    ...gone("sequences").map(
      ({ name }) =>
        `Sequence "${name}" is no longer in the schema and would be dropped with the number it has reached.`,
    ),
    ...gone("roles").map(
      ({ name }) =>
        `Role "${name}" is no longer in the schema and would be dropped with its password and members, for all databases of the server.`,
    ),
  ];
}

function anyRow(reason: string): RiskOfTable {
  return { holding: [], reason };
}

function goneTable(table: TableSnapshot, from: SchemaSnapshot, to: SchemaSnapshot): string {
  const added = Object.entries(to.tables).filter(([key]) => !from.tables[key]);
  if (added.length === 0)
    return `Table ${shownTable(table)} is no longer in the schema and would be dropped with its rows.`;
  const others = added.map(([, each]) => shownTable(each)).join(", ");
  return (
    `Table ${shownTable(table)} is gone from the schema and ${others} is new: only you know whether it was renamed. ` +
    "As it stands, it would be dropped with its rows."
  );
}

function changed(
  before: TableSnapshot,
  after: TableSnapshot,
  dialect: Dialect,
  filledByCode: readonly string[],
): RiskOfTable[] {
  const of = shownTable(after);
  const byCode = (column: string): boolean =>
    filledByCode.includes(`${after.schema || "public"}.${after.name}.${column}`);
  const added = Object.values(after.columns).filter(({ name }) => !before.columns[name]);
  const gone = Object.values(before.columns).filter(({ name }) => !after.columns[name]);
  const key = primaryKeyOf(after);
  return [
    ...(gone.length > 0 ? [goneColumns(of, gone, added)] : []),
    ...added
      .filter((column) => column.notNull && !fillsItself(column))
      .map((column) => lacking(of, column, key, dialect, byCode(column.name))),
    ...Object.values(after.columns).flatMap((column) => {
      const old = before.columns[column.name];
      return old ? changedColumn(of, old, column, dialect) : [];
    }),
    ...changedKey(of, before, after).map(anyRow),
  ];
}

function goneColumns(of: string, gone: readonly ColumnSnapshot[], added: readonly ColumnSnapshot[]): RiskOfTable {
  const names = (columns: readonly ColumnSnapshot[]): string => columns.map(({ name }) => `"${name}"`).join(", ");
  const [s, its] = gone.length > 1 ? ["s", "their"] : ["", "its"];
  const reason =
    added.length === 0
      ? `Column${s} ${names(gone)} of ${of} would be dropped with ${its} values.`
      : `Column${s} ${names(gone)} of ${of} ${s ? "are" : "is"} gone from the schema and ${names(added)} new: only you know ` +
        `what was renamed. As it stands, ${names(gone)} would be dropped with ${its} values.`;
  return { holding: [], losing: gone.map(({ name }) => name), reason };
}

function lacking(
  of: string,
  { name, primaryKey }: ColumnSnapshot,
  key: readonly string[],
  dialect: Dialect,
  byCode: boolean,
): RiskOfTable {
  // A default does not help: it gives every row the same value, and a key must differ.
  if (primaryKey || key.includes(name)) return anyRow(`Column "${name}" of ${of} is a key, so existing rows lack it.`);
  const reason =
    `Column "${name}" of ${of} is required and has no default, so existing rows lack it. ` +
    `${byCode ? "Its .$defaultFn(…) fills new rows only. " : ""}Give it a .default(…), which fills them, or make it optional first.`;
  // MySQL fills the column with a value of its own, such as "" or 0.
  return { holding: [], impossible: dialect !== "mysql", reason };
}

function changedColumn(of: string, before: ColumnSnapshot, after: ColumnSnapshot, dialect: Dialect): RiskOfTable[] {
  const column = `Column "${after.name}" of ${of}`;
  const risks: RiskOfTable[] = [];
  if (before.type !== after.type || (before.typeSchema ?? "") !== (after.typeSchema ?? "")) {
    if (!widens(before, after, dialect))
      risks.push(
        anyRow(
          `${column} would change its type from ${before.type} to ${after.type}, which existing values may not survive.`,
        ),
      );
  }
  if (!before.notNull && after.notNull && !after.primaryKey)
    risks.push({
      holding: [],
      lacking: after.name,
      impossible: dialect !== "mysql",
      reason: `${column} becomes required, and existing rows lack it. Give them a value first.`,
    });
  if (JSON.stringify(before.generated ?? null) !== JSON.stringify(after.generated ?? null))
    risks.push(anyRow(`${column} would be computed in another way, and its present values would be lost.`));
  // The new sequence begins at 1, also when rows have that number.
  if (dialect === "pg" && !before.identity && after.identity)
    risks.push(anyRow(`${column} would be numbered from 1 on, and existing rows may have these numbers.`));
  return risks;
}

function changedKey(of: string, before: TableSnapshot, after: TableSnapshot): string[] {
  const [old, key] = [primaryKeyOf(before), primaryKeyOf(after)];
  if (old.join("\0") === key.join("\0")) return [];
  if (key.length === 0)
    return [`The primary key (${old.map((name) => `"${name}"`).join(", ")}) of ${of} would be dropped.`];
  const fresh = key.every((name) => !before.columns[name] && fillsItself(after.columns[name] as ColumnSnapshot));
  return fresh && old.length === 0
    ? []
    : [
        `The primary key of ${of} becomes (${key.map((name) => `"${name}"`).join(", ")}), which existing rows may break.`,
      ];
}

/**
 * Rules that are new. A row without a value in one of a rule's columns cannot break a foreign key, nor a unique index
 * unless it has "nulls not distinct".
 */
function newRules(before: TableSnapshot, after: TableSnapshot): RiskOfTable[] {
  const rules: RiskOfTable[] = [];
  const demand = (rule: string, columns: readonly string[], lenient: boolean): void => {
    const fresh = columns.filter((name) => after.columns[name] && !before.columns[name]);
    const isEmpty = (name: string): boolean => {
      const column = after.columns[name] as ColumnSnapshot;
      return !column.notNull && !fillsItself(column);
    };
    if (lenient && fresh.some(isEmpty)) return;
    const listed = columns.map((name) => (after.columns[name] ? `"${name}"` : name)).join(", ");
    rules.push({
      holding: lenient ? columns.filter((name) => before.columns[name]) : [],
      reason: `${rule} (${listed}) in table ${shownTable(after)}, a new rule that existing rows may break.`,
    });
  };
  const unique = (index: IndexSnapshot): void =>
    demand("Rows must differ by", columnsOf(index), !index.nullsNotDistinct && !index.where);
  for (const [name, index] of Object.entries(after.indexes)) {
    const old = before.indexes[name];
    if (index.isUnique && !(old?.isUnique && same(index, old))) unique(index);
  }
  for (const [name, constraint] of Object.entries(after.uniqueConstraints)) {
    const old = before.uniqueConstraints[name];
    if (!old || !same(constraint, old)) unique(constraint);
  }
  for (const [name, { value }] of Object.entries(checksOf(after))) {
    if (checksOf(before)[name]?.value !== value) demand(`Rows must pass the check "${name}"`, [value], false);
  }
  for (const [name, key] of Object.entries(after.foreignKeys)) {
    const old = before.foreignKeys[name];
    const leadsElsewhere = !old || !same({ ...old, onDelete: 0, onUpdate: 0 }, { ...key, onDelete: 0, onUpdate: 0 });
    if (leadsElsewhere) demand(`Rows must refer to rows of "${key.tableTo}" by`, key.columnsFrom, true);
  }
  return rules;
}

/** Values that were removed from an enum, and that a column of the table may hold. */
function lostValues(
  table: TableSnapshot,
  after: TableSnapshot | undefined,
  from: SchemaSnapshot,
  to: SchemaSnapshot,
): string[] {
  return Object.values(table.columns).flatMap(({ name, type, typeSchema }) => {
    const now = after?.columns[name];
    const key = `${typeSchema ?? "public"}.${type.replace(/(\[\])+$/, "")}`;
    const [old, still] = [from.enums?.[key], to.enums?.[key]];
    // `changedColumn` reports a column that got another type.
    if (!old || !still || !now || now.type !== type) return [];
    const lost = old.values.filter((value) => !still.values.includes(value)).map((value) => `"${value}"`);
    return lost.length > 0
      ? [
          `Column "${name}" of ${shownTable(table)} may hold ${lost.join(", ")}, which enum "${old.name}" no longer has.`,
        ]
      : [];
  });
}

/**
 * Whether existing rows get a value for a new column: a default, a generated value, or the next number of a sequence.
 */
function fillsItself({
  type,
  default: value,
  generated,
  identity,
  autoincrement,
  primaryKey,
}: ColumnSnapshot): boolean {
  if (generated || identity || autoincrement || /^(small|big)?serial$/.test(type)) return true;
  return !primaryKey && value !== undefined;
}

/** Whether every value of the type before is also a value of the type after, and is stored in the same way. */
function widens(before: ColumnSnapshot, after: ColumnSnapshot, dialect: Dialect): boolean {
  const [old, type] = [plainType(before.type), plainType(after.type)];
  // SQLite ignores the length of a type.
  if (dialect === "sqlite" && old.replace(/\(.*\)/, "") === type.replace(/\(.*\)/, "")) return true;
  const [length, more] = [lengthOf(old), lengthOf(type)];
  if (length !== undefined && more !== undefined) return more >= length;
  if (length !== undefined && (type === "varchar" || type === "text")) return true;
  const [values, others] = [valuesOf(old), valuesOf(type)];
  if (values && others) return values.every((value) => others.includes(value));
  const sizes = ["smallint", "int", "bigint"];
  return sizes.includes(old) && sizes.indexOf(type) >= sizes.indexOf(old);
}

function plainType(type: string): string {
  return type
    .toLowerCase()
    .replace(/^character varying/, "varchar")
    .replace(/^(integer|int\(\d+\))$/, "int")
    .replace(/^(bigint|smallint)\(\d+\)$/, "$1");
}

function lengthOf(type: string): number | undefined {
  const length = /^varchar\((\d+)\)$/.exec(type)?.[1];
  return length === undefined ? undefined : Number(length);
}

/** The values of an enum of MySQL, where they are part of the type. Undefined for other types. */
function valuesOf(type: string): string[] | undefined {
  return /^enum\(/.test(type) ? (type.match(/'(?:[^']|'')*'/g) ?? []) : undefined;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
