import pg from "pg";
import { now } from "../clock.ts";

/** What a process has asked its database since it was last looked at. */
export interface Statements {
  count: number;
  /** When each write transaction was known to be committed: microseconds of the machine's monotonic clock. */
  commits: number[];
}

type Ask = (this: object, query: unknown, ...rest: unknown[]) => unknown;

/** Watches every statement of this process, whoever sends it: both kinds of server speak through `pg`. */
export function watchStatements(): { take(): Statements } {
  let seen: Statements = { count: 0, commits: [] };
  const writing = new WeakSet<object>();
  const client = pg.Client.prototype as unknown as { query: Ask };
  const query = client.query;
  client.query = function (asked, ...rest) {
    seen.count++;
    const text = textOf(asked);
    if (text.startsWith("begin") && !text.includes("read only")) writing.add(this);
    const answer = query.call(this, asked, ...rest);
    if (text === "commit" && writing.delete(this)) {
      void (answer as Promise<unknown>).then(() => seen.commits.push(now()));
    }
    return answer;
  };
  return {
    take() {
      const taken = seen;
      seen = { count: 0, commits: [] };
      return taken;
    },
  };
}

function textOf(asked: unknown): string {
  return typeof asked === "string" ? asked : ((asked as { text?: string }).text ?? "");
}
