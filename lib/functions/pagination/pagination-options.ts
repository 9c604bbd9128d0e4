import { z } from "zod";

/** The most rows that can be asked for at once. */
const MAX_ITEMS = 1_000;
/** A cursor holds the values of the order's columns of one row. */
const MAX_CURSOR = 8_192;

const cursor = z.string().max(MAX_CURSOR);

/**
 * The argument of a query that answers page by page: put it among the query's `args` under this name, and pass what the
 * handler gets to `paginate`. `usePaginatedQuery` fills it in.
 *
 * @example args: z.object({ channel: z.string(), paginationOpts })
 */
export const paginationOpts = z.strictObject({
  /** The page begins behind this row: the `continueCursor` of the page before. `null`: with the first row. */
  cursor: cursor.nullable(),
  /** The page ends with this row, however many come to lie before it. Left out: after `numItems` rows. */
  endCursor: cursor.nullable().optional(),
  /** How many rows, from 1 to 1,000. */
  numItems: z.int().min(1).max(MAX_ITEMS),
});

export type PaginationOptions = z.infer<typeof paginationOpts>;

/** What a query that answers page by page returns. */
export interface PaginationResult<Row> {
  page: Row[];
  /** Does no row follow? A page with an `endCursor` does not look, and says false. */
  isDone: boolean;
  /** Where the next page begins. Opaque. */
  continueCursor: string;
}
