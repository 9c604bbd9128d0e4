import type { Dialect } from "../../database/driver/driver.ts";
import { schemaFingerprint } from "../snapshot/fingerprint.ts";
import {
  type CheckSnapshot,
  type ColumnSnapshot,
  checksOf,
  type IndexSnapshot,
  primaryKeyOf,
  type SchemaSnapshot,
  type TableSnapshot,
} from "../snapshot/snapshot.ts";
import {
  type Catalogue,
  type DescribedColumn,
  type DescribedPart,
  type DescribedTable,
  describeForeignKey,
} from "./described-table.ts";

/** A schema that the database may have, and how the database would describe its tables if it had. */
export interface Candidate {
  snapshot: SchemaSnapshot;
  /** By the tables' keys. A table without an entry could not be created as a temporary one. */
  words: ReadonlyMap<string, DescribedTable>;
}

/** The author's tables, and everything else of the author's, as the database describes them. */
export interface Introspected {
  dialect: Dialect;
  /** By the tables' keys in the snapshots. */
  tables: ReadonlyMap<string, DescribedTable>;
  others: DescribedPart;
  nameOf: Catalogue["nameOf"];
}

/**
 * The schema that the database has, as drizzle-kit would write it. Each column, key and rule is taken from the first
 * candidate for which the database uses the same words as for its own; where there is none, it is as the database
 * describes it. So the result does not depend on what made the database: development, migrations, drizzle-kit push, a
 * person, or a change that was stopped half way.
 *
 * What no candidate names is not part of the result and so is left alone, except columns of tables that a candidate
 * names.
 * @param candidates The first is the schema that the database is to have.
 */
export function introspectedSchema(introspected: Introspected, candidates: readonly Candidate[]): SchemaSnapshot {
  const { others } = introspected;
  const snapshots = candidates.map(({ snapshot }) => snapshot);
  const [first] = snapshots;
  // Where there are no words to compare, the database is assumed to have its earlier schema, not the new one.
  const remembered = [...snapshots.slice(1), ...snapshots.slice(0, 1)];
  const there = <T>(kind: (snapshot: SchemaSnapshot) => Record<string, T> | undefined, names: ReadonlySet<string>) =>
    pick(remembered.map(kind), (key) => names.has(key));
  const enums = pick(
    snapshots.map((snapshot) => snapshot.enums),
    (key) => others.enums.has(key),
  );
  const tables = [...introspected.tables].map(
    ([key, words]) => [key, tableOf(introspected, key, words, candidates)] as const,
  );
  return {
    ...first,
    tables: Object.fromEntries(tables),
    views: there((snapshot) => snapshot.views, others.views),
    ...(first?.enums && introspected.dialect === "pg"
      ? {
          enums: Object.fromEntries(
            Object.entries(enums).map(([key, each]) => [key, { ...each, values: others.enums.get(key) ?? [] }]),
          ),
          // Only schemas of the new schema: one that is no longer named may hold tables that are not the author's.
          schemas: pick([first.schemas], (key) => others.schemas.has(key)),
          sequences: there((snapshot) => snapshot.sequences, others.sequences),
          roles: there((snapshot) => snapshot.roles, others.roles),
          policies: pick(
            remembered.slice(0, -1).map((snapshot) => snapshot.policies),
            () => true,
          ),
        }
      : {}),
  };
}

/** A table of a candidate, and the database's words for it. */
interface Known {
  table: TableSnapshot;
  words: DescribedTable | undefined;
}

function tableOf(
  { dialect, nameOf }: Introspected,
  key: string,
  words: DescribedTable,
  candidates: readonly Candidate[],
): TableSnapshot {
  const known: Known[] = candidates.flatMap(({ snapshot, words }) => {
    const table = snapshot.tables[key];
    return table ? [{ table, words: words.get(key) }] : [];
  });
  const model = known[0]?.table as TableSnapshot;
  const remembered = [...known.slice(1), ...known.slice(0, 1)].map(({ table }) => table);
  const columns: Record<string, ColumnSnapshot> = {};
  for (const [name, column] of words.columns) {
    columns[name] = columnOf(dialect, name, column, known, words.primaryKey.includes(name));
  }
  const rules = rulesOf(words, known, nameOf);
  return {
    ...model,
    ...withPrimaryKey(dialect, columns, words, known),
    indexes: rules((table) => table.indexes, otherIndex),
    uniqueConstraints: rules((table) => table.uniqueConstraints, otherIndex),
    [model.checkConstraints ? "checkConstraints" : "checkConstraint"]: rules(checksOf, otherCheck),
    foreignKeys: foreignKeysOf(dialect, words, known),
    ...(model.policies
      ? {
          policies: pick(
            remembered.map(({ policies }) => policies),
            (name) => words.policies?.includes(name) === true,
          ),
        }
      : {}),
    ...(words.rowSecurity === undefined ? {} : { isRLSEnabled: words.rowSecurity }),
  };
}

function columnOf(
  dialect: Dialect,
  name: string,
  words: DescribedColumn,
  known: readonly Known[],
  inPrimaryKey: boolean,
): ColumnSnapshot {
  /** The column of the first candidate for which the database uses the same words in these parts. */
  const as = (...parts: Array<keyof DescribedColumn>): ColumnSnapshot | undefined =>
    known.find(({ words: theirs }) => {
      const column = theirs?.columns.get(name);
      return column !== undefined && parts.every((part) => column[part] === words[part]);
    })?.table.columns[name];
  const required: Array<keyof DescribedColumn> = inPrimaryKey ? [] : ["required"];
  const same = as("type", "default", "more", ...required);
  if (same) return same;
  const model = known.find(({ table }) => table.columns[name])?.table.columns[name];
  const { type, typeSchema } = as("type") ?? { type: words.type };
  const value = words.default === undefined ? undefined : (as("default")?.default ?? words.default);
  const { identity, generated, autoincrement, onUpdate } = as("more") ?? otherwise(words);
  const given = {
    typeSchema,
    default: value,
    identity,
    generated,
    ...(dialect === "pg" ? {} : { autoincrement: autoincrement ?? false }),
    onUpdate,
  };
  return {
    name,
    type,
    primaryKey: false,
    // The columns of a primary key are required even where the catalogue does not say so.
    notNull: inPrimaryKey ? (model?.notNull ?? true) : words.required,
    // drizzle-kit refuses a key that it does not know, even with the value undefined.
    ...Object.fromEntries(Object.entries(given).filter(([, each]) => each !== undefined)),
  };
}

/** The other properties of a column that no candidate has. It is enough that they differ from every candidate's. */
function otherwise({ more }: DescribedColumn): Partial<ColumnSnapshot> {
  if (/generated/.test(more)) return { generated: { as: more, type: "stored" } };
  return /auto_?increment/.test(more) ? { autoincrement: true } : {};
}

function withPrimaryKey(
  dialect: Dialect,
  columns: Record<string, ColumnSnapshot>,
  { primaryKey }: DescribedTable,
  known: readonly Known[],
): Pick<TableSnapshot, "columns" | "compositePrimaryKeys"> {
  const same = known.find(({ table }) => primaryKeyOf(table).join() === primaryKey.join())?.table;
  const single = dialect !== "mysql" && primaryKey.length === 1;
  const flagged = (name: string): boolean =>
    same ? same.columns[name]?.primaryKey === true : single && primaryKey.includes(name);
  const name = `${known[0]?.table.name}_${primaryKey.join("_")}${dialect === "mysql" ? "" : "_pk"}`;
  const composite = single || primaryKey.length === 0 ? {} : { [name]: { name, columns: [...primaryKey] } };
  return {
    columns: Object.fromEntries(
      Object.entries(columns).map(([key, column]) => [key, { ...column, primaryKey: flagged(key) }]),
    ),
    compositePrimaryKeys: same?.compositePrimaryKeys ?? composite,
  };
}

/** Finds the rules of one kind after the other, because a name belongs to one rule only. */
function rulesOf({ rules }: DescribedTable, known: readonly Known[], nameOf: Catalogue["nameOf"]) {
  const taken = new Set<string>();
  return <Rule extends { name: string }>(
    kind: (table: TableSnapshot) => Record<string, Rule>,
    other: (rule: Rule, words: string) => Rule,
  ): Record<string, Rule> => {
    const found: Record<string, Rule> = {};
    const all = known.flatMap(({ table, words }) =>
      Object.entries(kind(table)).map(([key, rule]) => ({ key, rule, words })),
    );
    for (const exact of [true, false]) {
      for (const { key, rule, words } of all) {
        const name = nameOf(rule.name);
        const says = rules.get(name);
        if (says === undefined || taken.has(name)) continue;
        const same = words === undefined || words.rules.get(name) === says;
        if (exact && !same) continue;
        taken.add(name);
        found[key] = same ? rule : other(rule, says);
      }
    }
    return found;
  };
}

function otherIndex(rule: IndexSnapshot): IndexSnapshot {
  return { ...rule, columns: [] };
}

function otherCheck(rule: CheckSnapshot, words: string): CheckSnapshot {
  return { ...rule, value: words };
}

function foreignKeysOf(dialect: Dialect, words: DescribedTable, known: readonly Known[]): TableSnapshot["foreignKeys"] {
  const left = new Set(words.foreignKeys);
  const found: TableSnapshot["foreignKeys"] = {};
  for (const { table } of known) {
    for (const [key, each] of Object.entries(table.foreignKeys)) {
      if (!found[key] && left.delete(describeForeignKey(each, dialect))) found[key] = each;
    }
  }
  return found;
}

/** The wanted keys, each with the value of the first record that has it. */
function pick<T>(
  from: ReadonlyArray<Record<string, T> | undefined>,
  wanted: (key: string) => boolean,
): Record<string, T> {
  const found: Record<string, T> = {};
  for (const each of from) {
    for (const [key, value] of Object.entries(each ?? {})) if (wanted(key)) found[key] ??= value;
  }
  return found;
}

/** Whether the database still has this candidate's schema, which has this fingerprint. */
export function isUnchanged(
  introspected: Introspected,
  candidate: Candidate | undefined,
  fingerprint: string | undefined,
): boolean {
  if (!candidate || schemaFingerprint(candidate.snapshot) !== fingerprint) return false;
  const tables = [...introspected.tables].filter(([key]) => candidate.snapshot.tables[key]);
  const found = introspectedSchema({ ...introspected, tables: new Map(tables) }, [candidate]);
  return schemaFingerprint(found) === fingerprint;
}
