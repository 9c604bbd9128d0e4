import { firstWords } from "./implicit-commit.ts";

/**
 * First words of statements that may leave something in the session: variables, the chosen database, prepared
 * statements, open tables, temporary tables. `call` and `execute` run statements that are not seen here.
 */
const STAYING = new Set(["set", "use", "prepare", "deallocate", "execute", "call", "handler", "create", "drop"]);

/** A variable of the user, such as `@name`, which any statement can set, and a lock that outlives its transaction. */
const STAYING_ANYWHERE = /(^|[^@\w])@(?!@)|\bget_lock\b/i;

/** Whether the statement may leave something in its session for the transactions after it. */
export function staysInSession(sql: string): boolean {
  const words = firstWords(sql);
  return STAYING.has(words.split(" ")[0] ?? "") || words === "/*! … */" || STAYING_ANYWHERE.test(sql);
}

/**
 * The words by which the statement would write a file on the server, which MySQL allows in a read-only transaction;
 * undefined when it would not. They are found wherever they stand, also in a text in quotes.
 */
export function fileWords(sql: string): string | undefined {
  const found = /\b(outfile|dumpfile)\b/i.exec(sql)?.[1];
  return found && `into ${found.toLowerCase()}`;
}
