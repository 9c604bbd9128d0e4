import type { Wire } from "../values/wire.ts";

/** How a call ended, as it is sent. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: WireError };

/** One fault in the arguments of a call. */
export interface Issue {
  /** The keys and indexes that lead to the part. Empty: the arguments as a whole. */
  path: (string | number)[];
  /** What is wrong with it. */
  message: string;
}

/**
 * What became of a call that is `unavailable`. Only `outcomeUnknown` may have happened; of the others nothing was done.
 * - `notSent`: it did not reach the server, or the server did not begin it. It may be tried again.
 * - `overloaded`: the server refused it or gave it up for load, or it failed and the server no longer keeps why. It may be
 *   tried again.
 * - `timedOut`: it took too long, and is rolled back. It may be tried again.
 * - `identityChanged`: it was not sent, as it was called under another identity. Only the user can say whether the
 *   present one is to do it.
 * - `outcomeUnknown`: it was sent, and its outcome is not known. Tried again, it may be done twice.
 */
export type UnavailableReason = "notSent" | "overloaded" | "timedOut" | "identityChanged" | "outcomeUnknown";

/**
 * Why a call or a query failed, as it is sent. `message` and `path` of an internal error are sent in development only; in
 * production the log holds them under the incident id.
 */
export type WireError =
  /** The function threw a `ConvexError`. */
  | { kind: "application"; data: Wire; message?: string }
  /** There is no such function (`unknownFunction`), or the arguments do not parse (`issues`). */
  | { kind: "badRequest"; message: string; issues?: Issue[]; unknownFunction?: true }
  /** The function or the server failed. */
  | { kind: "internal"; incident: string; message?: string; path?: string }
  /** No connection, too much load, or an outcome that is not known: `reason` says whether it may have happened. */
  | { kind: "unavailable"; reason: UnavailableReason; message: string };
