import { and, type SQL } from "drizzle-orm";
import { InvalidCursorError, readCursor, writeCursor } from "./cursor.ts";
import { KeysetOrder, type OrderTerm } from "./keyset-order.ts";
import type { PaginationOptions, PaginationResult } from "./pagination-options.ts";

/** How many rows a page with a fixed end may hold. */
const MAX_PINNED = 10_000;
/** The name under which a row from the database holds its place in the order. */
const PLACE = "$place";

/** A Drizzle select that has not been run, such as `db.select().from(messages).where(…)`. */
export interface Select<Row> extends PromiseLike<Row[]> {
  /** Drizzle's own method, by which a select can be extended. */
  $dynamic(): unknown;
}

/** How `paginate` orders the rows. */
export interface PaginateOptions {
  /**
   * The order of the rows, as for Drizzle's `orderBy`: columns that are not null, `asc(column)` or `desc(column)`. It has to
   * be unique, so that each row has its own place: end it with the primary key. An index on these columns (after the
   * columns that `where` compares) keeps every page as fast as the first.
   */
  orderBy: OrderTerm | readonly OrderTerm[];
}

/** The part of Drizzle's select that is used, the same in every dialect. */
interface DynamicSelect extends PromiseLike<Found[]> {
  readonly _: { readonly config: SelectConfig };
  where(condition: SQL | undefined): unknown;
  orderBy(...terms: SQL[]): unknown;
  limit(rows: number): unknown;
}

/** A row as it comes from the database. */
type Found = Record<string, unknown> & { [PLACE]: Record<string, unknown> };

interface SelectConfig {
  readonly fields: Record<string, unknown>;
  readonly where?: SQL;
  readonly orderBy?: unknown;
  readonly limit?: unknown;
  readonly offset?: unknown;
  readonly setOperators: readonly unknown[];
}

/**
 * One page of a select: the rows after a cursor, in a unique order. Adjacent pages hold each row once, also when rows are
 * inserted, deleted or moved in between.
 *
 * @param select A select without `orderBy`, `limit` and `offset`. A join must not repeat rows of the table that the order
 *   is of.
 * @param options The order of the rows.
 * @param pagination The query's `paginationOpts` argument.
 * @returns the rows, and where the next page begins.
 * @throws {InvalidCursorError} when a cursor is not of this order: the caller gets a `BadRequestError`.
 * @throws {TypeError} when the order is not unique, or the select has an order or limit of its own.
 *
 * @example
 * handler: ({ db }, { channel, paginationOpts }) =>
 *   paginate(
 *     db.select().from(messages).where(eq(messages.channel, channel)),
 *     { orderBy: [desc(messages.createdAt), desc(messages.id)] },
 *     paginationOpts,
 *   ),
 */
export async function paginate<Row extends Record<string, unknown>>(
  select: Select<Row>,
  { orderBy }: PaginateOptions,
  { cursor, endCursor, numItems }: PaginationOptions,
): Promise<PaginationResult<Row>> {
  const order = await KeysetOrder.by([orderBy].flat());
  const place = (at: string | null | undefined) => (at ? readCursor(at, order.fingerprint, order.size) : undefined);
  const [start, end] = [place(cursor), place(endCursor)];
  const limit = end ? MAX_PINNED : numItems;

  const found = await run(
    dynamicSelect(select),
    order,
    limit + 1,
    and(start && order.after(start), end && order.upTo(end)),
  );
  const isDone = found.length <= limit;
  if (end && !isDone) throw new InvalidCursorError(`asks for a page of more than ${MAX_PINNED} rows`);
  const last = found[Math.min(found.length, limit) - 1];
  const reached = last ? writeCursor(order.fingerprint, Object.values(last[PLACE])) : (cursor ?? "");
  return {
    page: found.slice(0, limit).map(({ [PLACE]: _, ...row }) => row as unknown as Row),
    isDone: isDone && !end,
    continueCursor: end && endCursor ? endCursor : reached,
  };
}

function dynamicSelect(select: Select<unknown>): DynamicSelect {
  const dynamic = select.$dynamic() as DynamicSelect;
  const { orderBy, limit, offset, setOperators } = dynamic._.config;
  const own = Object.entries({ orderBy, limit, offset }).find(([, given]) => given !== undefined)?.[0];
  const found = own ?? (setOperators.length > 0 ? "union, intersect or except" : undefined);
  if (found === undefined) return dynamic;
  throw new TypeError(
    `paginate(select) needs a select without ${found}: paginate sets the order and the number of rows itself.`,
  );
}

/** Adds the page to the author's select: its range is joined to the author's `where` by `and`. */
async function run(select: DynamicSelect, order: KeysetOrder, limit: number, range: SQL | undefined): Promise<Found[]> {
  const { config } = select._;
  config.fields[PLACE] = order.values();
  select.where(and(config.where, range));
  select.orderBy(...order.terms());
  select.limit(limit);
  try {
    return await select;
  } catch (error) {
    if (range && isDataException(error)) throw new InvalidCursorError("holds values that the database cannot read");
    throw error;
  }
}

/** SQLSTATE class 22: a value that is not of its type. Drizzle wraps the database's error. */
function isDataException(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return (typeof code === "string" && code.startsWith("22")) || isDataException(cause);
}
