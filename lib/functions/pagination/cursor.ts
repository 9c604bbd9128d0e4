import { z } from "zod";
import { fromWire, toWire, type Wire } from "../../values/wire.ts";

/** A cursor that the query has not made. A mistake of the caller: it reaches the caller as a `BadRequestError`. */
export class InvalidCursorError extends Error {
  override name = "InvalidCursorError";

  /** @param problem The end of the sentence that begins with "The cursor". */
  constructor(problem: string) {
    super(`The cursor ${problem}. Start again from the first page: { cursor: null }.`);
  }
}

/** A fingerprint of the order, and the values of that order's columns, in wire form so that each is exact. */
const content = z.tuple([z.string()], z.unknown());

/**
 * A text that names a row by the values of the order's columns.
 * @param order A fingerprint of the order.
 */
export function writeCursor(order: string, values: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(toWire([order, ...values]))).toString("base64url");
}

/**
 * The values in a cursor, one for each column of the order.
 * @throws {InvalidCursorError} when the text is not a cursor, or belongs to another order.
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
