import { Column, is, SQL, type SQLChunk, StringChunk } from "drizzle-orm";

/**
 * Drizzle reads related rows (`with` in `db.query`) as JSON that the database builds, and JavaScript rounds the numbers
 * of JSON: a `bigint` …993 would come as …992, and a `numeric` 12.3400 as 12.34. Columns of such types are put into the
 * JSON as text, which is what Drizzle reads of them in a row that is not related.
 * @param built The query that Drizzle has built for one relation.
 * @param opening The call that builds a row's JSON, up to its first argument: `json_build_array(`.
 * @param asText The column as text, from how Drizzle has written it; undefined when JSON holds its values exactly.
 */
export function exactRelation(
  { sql, selection }: BuiltRelation,
  opening: string,
  asText: (column: Column, written: SQLChunk) => SQL | undefined,
): void {
  const list = argumentsOf(sql, opening)?.queryChunks ?? [];
  // Between two arguments there is a comma.
  for (const [i, { field }] of selection.entries()) {
    const written = list[2 * i];
    if (written !== undefined && is(field, Column)) list[2 * i] = asText(field, written) ?? written;
  }
}

/** What Drizzle has built for one relation: the query, and what stands in it where. */
interface BuiltRelation {
  readonly sql: unknown;
  readonly selection: readonly { readonly field: unknown }[];
}

/** The arguments of the first such call. Calls of deeper relations are in subqueries, which are not searched. */
function argumentsOf(chunk: unknown, opening: string): SQL | undefined {
  if (is(chunk, SQL.Aliased)) return argumentsOf(chunk.sql, opening);
  if (!is(chunk, SQL)) return undefined;
  const [first, second] = chunk.queryChunks;
  if (is(first, StringChunk) && first.value.join("") === opening && is(second, SQL)) return second;
  for (const part of chunk.queryChunks) {
    const found = argumentsOf(part, opening);
    if (found) return found;
  }
  return undefined;
}
