/** Whether a statement can be run without anybody agreeing to it. */
export type Judgement =
  /** It cannot lose or refuse a row. */
  | { kind: "safe" }
  /** It can, unless the table holds no rows. */
  | { kind: "needsEmpty"; table: string; reason: string }
  /** It removes something that the schema does not name, which may be somebody else's: left alone. */
  | { kind: "leave" }
  | { kind: "refused"; reason: string };

const table = String.raw`((?:"(?:[^"]|"")+"\.)?"(?:[^"]|"")+")`;
const name = `"((?:[^"]|"")+)"`;

const alterTable = new RegExp(`^ALTER TABLE ${table} (.*)$`, "is");
const addColumn = new RegExp(`^ADD COLUMN ${name} (.*)$`, "is");
const dropColumn = new RegExp(`^DROP COLUMN ${name}`, "i");
const alterColumn = new RegExp(`^ALTER COLUMN ${name} (.*)$`, "is");
const addConstraint = new RegExp(`^ADD CONSTRAINT ${name} (UNIQUE|PRIMARY KEY|CHECK|FOREIGN KEY)(.*)$`, "is");
const uniqueIndex = new RegExp(
  `^CREATE UNIQUE INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?${name} ON ${table}(.*)$`,
  "is",
);
const removal = /^DROP (TYPE|SEQUENCE|SCHEMA|ROLE|POLICY|VIEW|MATERIALIZED VIEW) ([^\s;]+)/i;
const alwaysSafe =
  /^(CREATE (TABLE|TYPE|SCHEMA|SEQUENCE|VIEW|MATERIALIZED VIEW|INDEX|POLICY|ROLE)|DROP INDEX|ALTER (SEQUENCE|POLICY|ROLE|VIEW|MATERIALIZED VIEW)|ALTER TYPE .* ADD VALUE)\b/is;

/** Judges each statement of a plan that drizzle-kit made, in the light of the others. */
export function judgePlan(statements: readonly string[]): Judgement[] {
  const fresh = newNullableColumns(statements);
  return statements.map((statement) => judge(statement, statements, fresh));
}

function judge(statement: string, plan: readonly string[], fresh: ReadonlySet<string>): Judgement {
  const altered = alterTable.exec(statement);
  if (altered) return judgeAlterTable(altered[1] ?? "", altered[2] ?? "", fresh);
  const unique = uniqueIndex.exec(statement);
  if (unique) return judgeRule("Rows must differ", unique[2] ?? "", unique[3] ?? "", fresh);
  const removed = removal.exec(statement);
  if (removed) {
    const replaced = plan.some(
      (other) => other.startsWith("CREATE") && other.includes(removed[2] ?? "") && other !== statement,
    );
    return replaced ? { kind: "safe" } : { kind: "leave" };
  }
  return alwaysSafe.test(statement) && !/ RENAME /i.test(statement) ? { kind: "safe" } : refused(statement);
}

function judgeAlterTable(of: string, change: string, fresh: ReadonlySet<string>): Judgement {
  const added = addColumn.exec(change);
  if (added) {
    const missing = !fillsItself(added[2] ?? "") && isRequired(added[2] ?? "");
    return missing ? needsEmpty(of, lacking(`Column "${added[1]}" of ${of}`, added[2] ?? "")) : safe;
  }
  const dropped = dropColumn.exec(change);
  if (dropped) return needsEmpty(of, `Column "${dropped[1]}" of ${of} would be dropped with its values.`);
  const column = alterColumn.exec(change);
  if (column) return judgeAlterColumn(of, column[1] ?? "", column[2] ?? "");
  const rule = addConstraint.exec(change);
  if (rule) return judgeRule(ruleInWords[(rule[2] ?? "").toUpperCase()] ?? "", of, rule[3] ?? "", fresh);
  if (/^ADD PRIMARY KEY/i.test(change)) return judgeRule("Rows must differ", of, change, fresh);
  if (/^(DROP CONSTRAINT|ENABLE ROW|DISABLE ROW)/i.test(change)) return safe;
  return refused(`ALTER TABLE ${of} ${change}`);
}

function judgeAlterColumn(of: string, column: string, change: string): Judgement {
  if (/^SET DATA TYPE/i.test(change)) {
    return needsEmpty(of, `Column "${column}" of ${of} would change its type, which existing values may not survive.`);
  }
  if (/^SET NOT NULL/i.test(change))
    return needsEmpty(of, `Column "${column}" of ${of} becomes required; existing rows may lack it.`);
  return /^(SET|DROP|ADD GENERATED)/i.test(change)
    ? safe
    : refused(`ALTER TABLE ${of} ALTER COLUMN "${column}" ${change}`);
}

function lacking(column: string, definition: string): string {
  // Rows that all get the same value cannot be told apart by it.
  if (isKey(definition)) return `${column} is a key, so existing rows lack it.`;
  return `${column} is required and has no default, so existing rows lack it. Give it a .default(…), which fills them.`;
}

const ruleInWords: Record<string, string> = {
  UNIQUE: "Rows must differ",
  "PRIMARY KEY": "Rows must differ",
  CHECK: "Rows must pass a check",
  "FOREIGN KEY": "Rows must refer to rows that exist",
};

/** A rule over rows. New columns without values break none. */
function judgeRule(rule: string, of: string, definition: string, fresh: ReadonlySet<string>): Judgement {
  const columns = /\(([^)]*)\)/.exec(definition)?.[1] ?? "";
  const names = [...columns.matchAll(new RegExp(name, "g"))].map((match) => match[1]);
  const allFresh = names.length > 0 && names.every((column) => fresh.has(`${of}.${column}`));
  const lenient = !/NULLS NOT DISTINCT/i.test(definition) && !/^\s*\(.*\bIS\b/is.test(definition);
  if (allFresh && lenient) return safe;
  return needsEmpty(
    of,
    `${rule} in ${of} by a new rule (${names.map((column) => `"${column}"`).join(", ") || definition.trim()}), which existing rows may break.`,
  );
}

/** Columns that this plan adds and that are null in every row there is. */
function newNullableColumns(statements: readonly string[]): Set<string> {
  const fresh = new Set<string>();
  for (const statement of statements) {
    const [, of, change = ""] = alterTable.exec(statement) ?? [];
    const [, column, definition = ""] = addColumn.exec(change) ?? [];
    if (column !== undefined && !fillsItself(definition) && !isRequired(definition)) fresh.add(`${of}.${column}`);
  }
  return fresh;
}

function isRequired(definition: string): boolean {
  return /\b(NOT NULL|PRIMARY KEY)\b/i.test(withoutTexts(definition));
}

/** Existing rows get a value: a default, a generated value, the next of a sequence. */
function fillsItself(definition: string): boolean {
  if (/\bGENERATED\b|^(small|big)?serial\b/i.test(withoutTexts(definition))) return true;
  return !isKey(definition) && /\bDEFAULT\b/i.test(withoutTexts(definition));
}

function isKey(definition: string): boolean {
  return /\bPRIMARY KEY\b/i.test(withoutTexts(definition));
}

/** A default such as 'not null' must not be mistaken for SQL. */
function withoutTexts(definition: string): string {
  return definition.replace(/'(?:[^']|'')*'/g, "''").replace(/"(?:[^"]|"")*"/g, '""');
}

const safe: Judgement = { kind: "safe" };

function needsEmpty(of: string, reason: string): Judgement {
  return { kind: "needsEmpty", table: of, reason };
}

function refused(statement: string): Judgement {
  return { kind: "refused", reason: `Nothing is known about what this does to rows: ${statement}` };
}
