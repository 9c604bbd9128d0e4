/**
 * Statements that commit by the way, from MySQL's manual ("Statements That Cause an Implicit Commit"), MariaDB's, and those
 * that end a transaction openly. A statement is one of them by its first words alone.
 */
const COMMITTING = new Set([
  ...["alter", "create", "drop", "rename", "truncate", "import", "install", "uninstall", "grant", "revoke"],
  ...["lock", "unlock", "analyze", "backup", "cache", "check", "flush", "optimize", "repair", "reset"],
  ...["begin", "start", "commit", "rollback", "xa", "change", "stop", "clone", "restart", "shutdown"],
]);

/** The beginnings of what those words begin as well, and what commits nothing. */
const HARMLESS = [
  /^(create|drop) temporary /,
  /^create or replace temporary /,
  /^rollback( work)? to /,
  // MariaDB's, which runs one of these and says how.
  /^analyze (format|select|insert|replace|update|delete|with) /,
];

/** Words that commit only with those after them. */
const OTHERS = [/^load index /, /^set (password|default role|resource group) /];

/** Statements that cannot end a transaction, whatever is in them. */
const HARMLESS_WORDS = new Set([
  ...["", "select", "insert", "replace", "update", "delete", "with", "values", "table", "do"],
  ...["show", "explain", "describe", "desc", "savepoint", "release"],
]);

/** What it holds is a statement for some servers and a remark for others, so nobody looks into it. */
const EXECUTED_COMMENT = "/*! … */";

/** The words with which the statement would commit what came before it; undefined when it would not. */
export function committingWords(sql: string): string | undefined {
  const words = firstWords(sql);
  if (words === EXECUTED_COMMENT) return words;
  // MariaDB's prefix, with which a statement has settings of its own.
  const prefixed = words.startsWith("set statement ") ? /\sfor\s([\s\S]*)/i.exec(sql) : null;
  if (prefixed) return committingWords(prefixed[1] ?? "");
  const [first = "", second = ""] = words.split(" ");
  if (first === "set" && /\bautocommit\b/i.test(sql)) return "set autocommit";
  if (OTHERS.some((each) => each.test(words))) return `${first} ${second}`;
  if (!COMMITTING.has(first) || HARMLESS.some((each) => each.test(words))) return undefined;
  return `${first} ${second}`.trimEnd();
}

/** May it run another statement that nobody has looked at, as `call` and `execute` do? */
export function mayHideAnother(sql: string): boolean {
  return !HARMLESS_WORDS.has(firstWords(sql).split(" ")[0] ?? "");
}

/** White space and comments, or a word, or the opening of a comment that the server executes. */
const PIECE = /\s+|\/\*(?!M?!)[\s\S]*?\*\/|--(?=\s|$)[^\n]*|#[^\n]*|(?<word>[a-z_]+)|(?<executed>\/\*M?!)/giy;

/** Up to four words in small letters, each with a space after it. Ends where something else comes. */
function firstWords(sql: string): string {
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
