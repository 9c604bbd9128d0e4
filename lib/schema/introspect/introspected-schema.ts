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

/** A schema that the database may be of, and how the database would describe its tables if it were. */
export interface Candidate {
  snapshot: SchemaSnapshot;
  /** By the tables' keys. Without an entry the database could not make such a table now. */
  words: ReadonlyMap<string, DescribedTable>;
}

/** What the database holds of the tables that are the author's. */
export interface Introspected {
  dialect: Dialect;
  /** By the keys that the snapshots have for them. */
  tables: ReadonlyMap<string, DescribedTable>;
  others: DescribedPart;
  nameOf: Catalogue["nameOf"];
}

/**
 * The schema that the database has, as drizzle-kit would write it: every column, key and rule as in the first candidate
 * of which the database says just what it says of its own, and otherwise as the database says. So it does not matter who
 * made the database what it is: development, migrations, drizzle-kit push, a person, or a change that was stopped half way.
 *
 * Whatever no candidate names is not in it, and so is left alone; but for a column of one of these tables.
 * @param candidates The schema as it is to be first.
 */
export function introspectedSchema(introspected: Introspected, candidates: readonly Candidate[]): SchemaSnapshot {
  const { others } = introspected;
  const snapshots = candidates.map(({ snapshot }) => snapshot);
  const [first] = snapshots;
  // Of what has no words to compare, the database is taken for the schema it had, not for that it is to have.
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
          // A schema that is no longer named may hold what is not the author's.
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

/** A table in a candidate, and in the words of the database. */
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
  /** The first of which the database says the same in these respects. */
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
    // A key is required, whatever the catalogue says.
    notNull: inPrimaryKey ? (model?.notNull ?? true) : words.required,
    // drizzle-kit takes no key that it does not know, even without a value.
    ...Object.fromEntries(Object.entries(given).filter(([, each]) => each !== undefined)),
  };
}

/** What no candidate has. Only that it is another matters. */
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

/** One after the other for each kind of rule: a name belongs to one of them. */
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

/** Of each key that is wanted, the first there is. */
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

/** Has nobody changed the database since it was of this schema? */
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
