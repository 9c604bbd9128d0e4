import {
  type PaginationOptions,
  type PaginationResult,
  paginationOpts,
} from "../../lib/functions/pagination/pagination-options.ts";

/** The rows of a list, page after page, until it is done. */
export async function everyPage<Row>(
  page: (pagination: PaginationOptions) => Promise<PaginationResult<Row>>,
  numItems: number,
): Promise<Row[][]> {
  const pages: Row[][] = [];
  let cursor: string | null = null;
  for (let isDone = false; !isDone; ) {
    const result: PaginationResult<Row> = await page(paginationOpts.parse({ cursor, numItems }));
    pages.push(result.page);
    ({ isDone, continueCursor: cursor } = result);
  }
  return pages;
}
