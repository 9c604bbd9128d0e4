import pg from "pg";
import { now } from "../clock.ts";

/** The statements that a process has sent to its database since the last `take`. */
export interface Statements {
  count: number;
  /** The time at which the answer to each COMMIT of a write arrived: microseconds of the machine's monotonic clock. */
  commits: number[];
}

type Ask = (this: object, query: unknown, ...rest: unknown[]) => unknown;

/** Watches every statement of this process, of the framework and of others: both kinds of server use `pg`. */
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
