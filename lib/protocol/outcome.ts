import type { Wire } from "../values/wire.ts";

/** How a call ended, as it travels. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: WireError };

/** One thing wrong with the arguments: where, and what. */
export interface Issue {
  path: (string | number)[];
  message: string;
}

/**
 * What went wrong, as it travels. `message` and `path` of an internal error are sent in development only; in
 * production the log holds them under the incident id.
 */
export type WireError =
  /** Thrown on purpose by the function, as a `ConvexError`. */
  | { kind: "application"; data: Wire; message?: string }
  /** The caller is wrong: no such function (`unknownFunction`), or arguments that do not parse (`issues`). */
  | { kind: "badRequest"; message: string; issues?: Issue[]; unknownFunction?: true }
  /** We are wrong, or the author of the function is. */
  | { kind: "internal"; incident: string; message?: string; path?: string }
  /** Not now: no connection, too much load, or an outcome nobody can know any more. */
  | { kind: "unavailable"; message: string };
