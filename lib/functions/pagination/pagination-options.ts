import { z } from "zod";

/** The most rows that a caller may ask for at once. */
const MAX_ITEMS = 1_000;
/** The longest cursor, in characters. It holds the values of the order's columns of one row. */
const MAX_CURSOR = 8_192;

const cursor = z.string().max(MAX_CURSOR);

/**
 * The schema of the argument by which a query returns its rows page by page: put it among the query's `args` under this
 * name, and pass the argument to `paginate`. `usePaginatedQuery` fills it in.
 *
 * @example args: z.object({ channel: z.string(), paginationOpts })
 */
export const paginationOpts = z.strictObject({
  /** The page begins after this row: the `continueCursor` of the page before. `null`: it begins with the first row. */
  cursor: cursor.nullable(),
  /** The page ends with this row, also when more rows are inserted before it. Default: it ends after `numItems` rows. */
  endCursor: cursor.nullable().optional(),
  /** How many rows, from 1 to 1,000. */
  numItems: z.int().min(1).max(MAX_ITEMS),
});

/** Which page of its rows a query returns: the argument that `paginationOpts` describes. */
export type PaginationOptions = z.infer<typeof paginationOpts>;

/** One page of a query's rows. */
export interface PaginationResult<Row> {
  /** The rows, in order. */
  page: Row[];
  /** Is this the last page? Always false for a page with an `endCursor`, which does not look any further. */
  isDone: boolean;
  /** The `cursor` of the next page. An opaque text. */
  continueCursor: string;
}
