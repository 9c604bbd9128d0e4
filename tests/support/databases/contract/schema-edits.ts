import type { Dialect } from "../../../../lib/database/driver/driver.ts";

/** How the parts of a schema are written in one dialect. */
export interface Writing {
  module: string;
  table: string;
  id: string;
  /** A text of limited length. SQLite limits no length. */
  short(length: number): string;
  text: string;
  integer: string;
  /** An enum: the code before the tables, and the type of a column. */
  mood(...values: string[]): { before: string; type: string };
  /** An expression that fills a column of integers. */
  now: string;
}

const writings: Record<Dialect, Writing> = {
  pg: {
    module: "drizzle-orm/pg-core",
    table: "pgTable",
    id: "d.integer().primaryKey().generatedAlwaysAsIdentity()",
    short: (length) => `d.varchar({ length: ${length} })`,
    text: "d.text()",
    integer: "d.integer()",
    mood: (...values) => ({
      before: `export const mood = d.pgEnum("mood", ${JSON.stringify(values)});`,
      type: "mood()",
    }),
    now: "sql`(extract(epoch from now()))::integer`",
  },
  sqlite: {
    module: "drizzle-orm/sqlite-core",
    table: "sqliteTable",
    id: "d.integer().primaryKey({ autoIncrement: true })",
    short: () => "d.text()",
    text: "d.text()",
    integer: "d.integer()",
    mood: (...values) => ({ before: "", type: `d.text({ enum: ${JSON.stringify(values)} })` }),
    now: "sql`(unixepoch())`",
  },
  mysql: {
    module: "drizzle-orm/mysql-core",
    table: "mysqlTable",
    id: "d.int().autoincrement().primaryKey()",
    short: (length) => `d.varchar({ length: ${length} })`,
    text: "d.text()",
    integer: "d.int()",
    mood: (...values) => ({ before: "", type: `d.mysqlEnum(${JSON.stringify(values)})` }),
    now: "sql`(unix_timestamp())`",
  },
};

/** The content of a `convex/schema.ts`. Undefined columns are left out. */
export interface Schema {
  notes?: Record<string, string | undefined> | undefined;
  people?: Record<string, string | undefined> | undefined;
  /** Rules of `notes`, as in Drizzle's third argument, with `t` for the table. */
  rules?: string[];
  moods?: string[];
  more?: string;
}

/** An edit that must be refused when there are rows, and what the reason names. */
export interface Edit {
  story: string;
  to: Schema;
  reason: RegExp;
  /** Dialects in which the edit changes nothing in the database. */
  nothingIn?: Dialect[];
  /** Dialects in which the database would refuse the edit, so that no code to accept it is offered. */
  impossibleIn?: Dialect[];
}

/** Edits of a schema that are common while an application grows, in one dialect. */
export interface SchemaEdits {
  writing: Writing;
  /** The schema before each edit. */
  usual: Required<Pick<Schema, "notes" | "people" | "rules" | "moods">>;
  /** Statements that insert rows into its tables. */
  rows: string[];
  /** Edits that could lose or refuse a row. */
  edits: Edit[];
  /** Edits that lose and refuse nothing, and a select that shows it. */
  additions: Array<{ story: string; to: Schema; shows?: string; from?: Schema }>;
  /** The text of `convex/schema.ts`. */
  written(schema: Schema): string;
}

export function schemaEdits(dialect: Dialect): SchemaEdits {
  const w = writings[dialect];
  const people = { id: w.id, name: w.short(80) };
  const notes = { id: w.id, text: w.short(80), size: w.integer, author: w.integer, mood: "MOOD" };
  const usual = { notes, people, rules: ['d.index("notes_by_size").on(t.size)'], moods: ["good", "bad"] };

  function written({ notes, people, rules = [], moods = ["good", "bad"], more = "" }: Schema): string {
    const mood = w.mood(...moods);
    const columns = (of: Record<string, string | undefined>): string =>
      Object.entries(of)
        .flatMap(([column, type]) => (type === undefined ? [] : [`${column}: ${type.replace("MOOD", mood.type)}`]))
        .join(", ");
    return [
      `import * as d from "${w.module}";`,
      'import { sql } from "drizzle-orm";',
      mood.before,
      people ? `export const people = d.${w.table}("people", { ${columns(people)} });` : "",
      notes ? `export const notes = d.${w.table}("notes", { ${columns(notes)} }, (t) => [${rules.join(", ")}]);` : "",
      more.replaceAll("TABLE", `d.${w.table}`),
    ].join("\n");
  }

  const rows = [
    `insert into people (name) values ('ann')`,
    `insert into notes (text, size, author, mood) values ('kept', 1, 7, 'bad'), ('kept', 1, null, null)`,
  ];

  const before = { w, people, notes, usual };
  const edits = [...removals(before), ...changesOfType(before), ...requiredColumns(before), ...newRules(before)];
  return { writing: w, usual, rows, edits, additions: additions(before), written };
}

/** The schema before each edit, and how its parts are written. */
interface Before {
  w: Writing;
  people: Record<string, string>;
  notes: Record<string, string>;
  usual: SchemaEdits["usual"];
}

/** Edits that drop, rename or move a column or a table. */
function removals({ w, people, notes, usual }: Before): Edit[] {
  return [
    {
      story: "a column is dropped",
      to: { ...usual, notes: { ...notes, text: undefined } },
      reason: /"text" of "notes" would be dropped/,
    },
    {
      story: "a column with an index is dropped",
      to: { ...usual, notes: { ...notes, size: undefined }, rules: [] },
      reason: /"size" of "notes" would be dropped/,
    },
    { story: "a table is dropped", to: { ...usual, people: undefined }, reason: /"people" .* would be dropped/ },
    {
      story: "a column is renamed",
      to: { ...usual, notes: { ...notes, text: undefined, words: w.short(80) } },
      reason: /"text" of "notes" is gone .* "words" new: only you know/,
    },
    {
      story: "two columns are renamed",
      to: { ...usual, notes: { ...notes, text: undefined, author: undefined, words: w.short(80), by: w.integer } },
      reason: /"text", "author" of "notes" .* "words", "by" new/,
    },
    {
      story: "a column is replaced by one of another name and type",
      to: { ...usual, notes: { ...notes, size: undefined, bytes: w.text }, rules: [] },
      reason: /"size" of "notes" is gone .* "bytes" new/,
    },
    {
      story: "a table is renamed",
      to: {
        ...usual,
        people: undefined,
        more: `export const users = TABLE("users", { id: ${w.id}, name: ${w.short(80)} });`,
      },
      reason: /"people" is gone .* "users" is new: only you know/,
    },
    {
      story: "a column moves to another table",
      to: { ...usual, notes: { ...notes, text: undefined }, people: { ...people, text: w.short(80) } },
      reason: /"text" of "notes" would be dropped/,
    },
  ];
}

/** Edits that change the type of a column. */
function changesOfType({ w, notes, usual }: Before): Edit[] {
  return [
    {
      story: "a column changes its type",
      to: { ...usual, notes: { ...notes, text: w.integer } },
      reason: /"text" of "notes" would change its type/,
    },
    {
      story: "a number becomes a text",
      to: { ...usual, notes: { ...notes, size: w.text }, rules: [] },
      reason: /"size" of "notes" would change its type/,
    },
    {
      story: "a text becomes shorter",
      to: { ...usual, notes: { ...notes, text: w.short(3) } },
      reason: /"text" of "notes" would change its type from .*80.* to .*3/,
      nothingIn: ["sqlite"],
    },
  ];
}

/** Edits that make or add a required column. */
function requiredColumns({ w, notes, usual }: Before): Edit[] {
  return [
    {
      story: "a required column is added without a default",
      to: { ...usual, notes: { ...notes, title: `${w.text}.notNull()` } },
      reason: /"title" of "notes" is required and has no default.*Give it a \.default/,
      impossibleIn: ["pg", "sqlite"],
    },
    {
      story: "a required column is added that only code fills",
      to: { ...usual, notes: { ...notes, title: `${w.text}.notNull().$defaultFn(() => "")` } },
      reason: /"title" of "notes" is required .*\.\$defaultFn\(…\) fills new rows only.*\.default/,
      impossibleIn: ["pg", "sqlite"],
    },
    {
      story: "a column becomes required",
      to: { ...usual, notes: { ...notes, author: `${w.integer}.notNull()` } },
      reason: /"author" of "notes" becomes required/,
      impossibleIn: ["pg", "sqlite"],
    },
    {
      story: "a required column is added while another changes its type",
      to: { ...usual, notes: { ...notes, title: `${w.text}.notNull()`, text: w.integer } },
      reason: /"title" of "notes" is required/,
      impossibleIn: ["pg", "sqlite"],
    },
  ];
}

/** Edits that make a rule, which existing rows may break, and one that drops everything. */
function newRules({ w, notes, usual }: Before): Edit[] {
  return [
    {
      story: "a column with duplicates becomes unique",
      to: { ...usual, notes: { ...notes, text: `${w.short(80)}.unique()` } },
      reason: /differ by \("text"\) in table "notes"/,
    },
    {
      story: "a unique index is added over duplicates",
      to: { ...usual, rules: [...(usual.rules ?? []), 'd.uniqueIndex("notes_once").on(t.text, t.size)'] },
      reason: /differ by \("text", "size"\) in table "notes"/,
    },
    {
      story: "an index becomes unique",
      to: { ...usual, rules: ['d.uniqueIndex("notes_by_size").on(t.size)'] },
      reason: /differ by \("size"\) in table "notes"/,
    },
    {
      story: "a value is removed from an enum",
      to: { ...usual, moods: ["good"] },
      reason: /"mood" of "notes"/,
      nothingIn: ["sqlite"],
    },
    {
      story: "a value of an enum is renamed",
      to: { ...usual, moods: ["good", "sad"] },
      reason: /"mood" of "notes"/,
      nothingIn: ["sqlite"],
    },
    {
      story: "the primary key becomes another column",
      to: { ...usual, notes: { ...notes, id: w.integer, size: `${w.integer}.primaryKey()` }, rules: [] },
      reason: /primary key of "notes" becomes \("size"\)/,
    },
    {
      story: "the primary key gets another column",
      to: {
        ...usual,
        notes: { ...notes, id: w.integer, text: `${w.short(80)}.notNull()` },
        rules: ['d.primaryKey({ columns: [t.id, t.text], name: "notes_key" })'],
      },
      reason: /primary key of "notes" becomes \("id", "text"\)/,
    },
    {
      story: "the primary key is dropped",
      to: { ...usual, notes: { ...notes, id: w.integer } },
      reason: /primary key \("id"\) of "notes" would be dropped/,
    },
    {
      story: "a foreign key is added that rows violate",
      to: { ...usual, notes: { ...notes, author: `${w.integer}.references(() => people.id)` } },
      reason: /refer to rows of "people" by \("author"\) in table "notes"/,
    },
    {
      story: "a check is added that rows violate",
      to: { ...usual, rules: [...(usual.rules ?? []), 'd.check("notes_big", sql`size > 5`)'] },
      reason: /check "notes_big" .*size.* in table "notes"/,
    },
    {
      story: "a column becomes computed",
      to: { ...usual, notes: { ...notes, size: `${w.integer}.generatedAlwaysAs(sql\`1 + 1\`)` }, rules: [] },
      reason: /"size" of "notes" would be computed/,
    },
    {
      story: "everything is dropped",
      to: {},
      reason: /"notes" is (gone|no longer in the schema).* would be dropped with its rows/,
    },
  ];
}

/** Edits that lose and refuse nothing, each with a select that shows what they do to existing rows. */
function additions({ w, notes, usual }: Before): SchemaEdits["additions"] {
  return [
    {
      story: "a table",
      to: { ...usual, more: `export const tags = TABLE("tags", { id: ${w.id} });` },
      shows: "select * from tags",
    },
    { story: "a column", to: { ...usual, notes: { ...notes, title: w.text } }, shows: "select title from notes" },
    {
      story: "a required column with a default",
      to: { ...usual, notes: { ...notes, title: `${w.short(80)}.notNull().default("not null")` } },
      shows: "select id from notes where title = 'not null'",
    },
    {
      story: "a required column that an expression fills",
      to: { ...usual, notes: { ...notes, at: `${w.integer}.notNull().default(${w.now})` } },
      shows: "select id from notes where at > 1000000",
    },
    {
      story: "two columns, one with an index, while another's default changes",
      to: {
        ...usual,
        notes: { ...notes, size: `${w.integer}.default(3)`, a: w.integer, b: w.integer },
        rules: [...(usual.rules ?? []), 'd.index("notes_by_a").on(t.a)'],
      },
      shows: "select a, b from notes where size = 1",
    },
    {
      story: "a unique column with a foreign key",
      to: { ...usual, notes: { ...notes, editor: `${w.integer}.references(() => people.id).unique()` } },
      shows: "select editor from notes",
    },
    {
      story: "a new table with a foreign key to it",
      to: {
        ...usual,
        more: `export const tags = TABLE("tags", { note: ${w.integer}.references(() => notes.id, { onDelete: "cascade" }) });`,
      },
      shows: "select note from tags",
    },
    {
      story: "a new column in place of columns without values",
      from: { ...usual, notes: { ...notes, titel: w.text, other: w.integer } },
      to: { ...usual, notes: { ...notes, title: w.text } },
      shows: "select title from notes where title is null",
    },
    {
      story: "a required column in place of an optional one that has a value in every row",
      to: { ...usual, notes: { ...notes, text: `${w.short(80)}.notNull()` } },
    },
    { story: "a value of an enum", to: { ...usual, moods: ["good", "bad", "sad"] } },
    { story: "a longer text", to: { ...usual, notes: { ...notes, text: w.short(200) } } },
    {
      story: "an optional column in place of a required one",
      from: { ...usual, notes: { ...notes, text: `${w.short(80)}.notNull()` } },
      to: usual,
    },
    {
      story: "its index, unique constraint, check and foreign key removed",
      from: {
        ...usual,
        notes: { ...notes, size: `${w.integer}.unique()`, author: `${w.integer}.references(() => people.id)` },
        rules: [...(usual.rules ?? []), 'd.check("notes_big", sql`size < 5`)'],
      },
      to: { ...usual, rules: [] },
    },
  ];
}
