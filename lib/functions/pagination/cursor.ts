import { z } from "zod";
import { fromWire, toWire, type Wire } from "../../values/wire.ts";

/** A cursor that this query has not made. The caller's fault: it reaches the caller as `badRequest`. */
export class InvalidCursorError extends Error {
  override name = "InvalidCursorError";

  constructor(problem: string) {
    super(`The cursor ${problem}. Start again from the first page: { cursor: null }.`);
  }
}

/** Which order it belongs to, and the values of that order's columns, in wire form so that none loses anything. */
const content = z.tuple([z.string()], z.unknown());

/**
 * Names a row by what the order compares.
 * @param order A fingerprint of the order.
 */
export function writeCursor(order: string, values: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(toWire([order, ...values]))).toString("base64url");
}

/**
 * The values in a cursor, as many as the order has columns.
 * @throws {InvalidCursorError} when it is none, or belongs to another order.
 */
export function readCursor(cursor: string, order: string, columns: number): unknown[] {
  const parsed = content.safeParse(decoded(cursor));
  if (!parsed.success) throw new InvalidCursorError("is malformed");
  const [found, ...values] = parsed.data;
  if (found === order && values.length === columns) return values;
  throw new InvalidCursorError("belongs to another order of rows than the query has now");
}

function decoded(cursor: string): unknown {
  try {
    return fromWire(JSON.parse(Buffer.from(cursor, "base64url").toString()) as Wire);
  } catch {
    return undefined;
  }
}
