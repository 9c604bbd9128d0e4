/**
 * First words of statements that commit the open transaction implicitly, from the manuals of MySQL ("Statements That
 * Cause an Implicit Commit") and MariaDB, and of those that end a transaction explicitly. The first words decide alone.
 */
const COMMITTING = new Set([
  ...["alter", "create", "drop", "rename", "truncate", "import", "install", "uninstall", "grant", "revoke"],
  ...["lock", "unlock", "analyze", "backup", "cache", "check", "flush", "optimize", "repair", "reset"],
  ...["begin", "start", "commit", "rollback", "xa", "change", "stop", "clone", "restart", "shutdown"],
]);

/** Statements that begin with one of those words and commit nothing. */
const HARMLESS = [
  /^(create|drop) temporary /,
  /^create or replace temporary /,
  /^rollback( work)? to /,
  // MariaDB's `analyze` in front of a statement runs that statement and reports on its execution.
  /^analyze (format|select|insert|replace|update|delete|with) /,
];

/** Statements that commit, recognised by the words after the first. */
const OTHERS = [/^load index /, /^set (password|default role|resource group) /];

/** First words of statements that cannot end a transaction, whatever follows. */
const HARMLESS_WORDS = new Set([
  ...["", "select", "insert", "replace", "update", "delete", "with", "values", "table", "do"],
  ...["show", "explain", "describe", "desc", "savepoint", "release"],
]);

/** A comment that some servers execute and others ignore. It is always refused, without reading its content. */
const EXECUTED_COMMENT = "/*! … */";

/** The words by which the statement would commit what was written before it; undefined when it would not. */
export function committingWords(sql: string): string | undefined {
  const words = firstWords(sql);
  if (words === EXECUTED_COMMENT) return words;
  // MariaDB: `set statement … for …` sets variables for the one statement after `for`.
  const prefixed = words.startsWith("set statement ") ? /\sfor\s([\s\S]*)/i.exec(sql) : null;
  if (prefixed) return committingWords(prefixed[1] ?? "");
  const [first = "", second = ""] = words.split(" ");
  if (first === "set" && /\bautocommit\b/i.test(sql)) return "set autocommit";
  if (OTHERS.some((each) => each.test(words))) return `${first} ${second}`;
  if (!COMMITTING.has(first) || HARMLESS.some((each) => each.test(words))) return undefined;
  return `${first} ${second}`.trimEnd();
}

/** Whether the statement may run another one that was not checked, as `call` and `execute` do. */
export function mayHideAnother(sql: string): boolean {
  return !HARMLESS_WORDS.has(firstWords(sql).split(" ")[0] ?? "");
}

/** White space, a comment, a word, or the opening of a comment that the server executes. */
const PIECE = /\s+|\/\*(?!M?!)[\s\S]*?\*\/|--(?=\s|$)[^\n]*|#[^\n]*|(?<word>[a-z_]+)|(?<executed>\/\*M?!)/giy;

/**
 * Up to four words in lower case, each with a space after it. Stops at anything that is neither word, space nor
 * comment.
 */
export function firstWords(sql: string): string {
  let words = "";
  let left = 4;
  for (const { groups } of sql.matchAll(PIECE)) {
    if (groups?.executed) return words === "" ? EXECUTED_COMMENT : words;
    if (!groups?.word) continue;
    words += `${groups.word.toLowerCase()} `;
    if (--left === 0) break;
  }
  return words;
}
