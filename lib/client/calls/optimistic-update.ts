import type { FunctionArgs, FunctionReturnType, OptionalArgs, PublicQuery } from "../../functions/reference.ts";

/**
 * The answers on this page, as an optimistic update sees and changes them. Only for the moment of the update: do not
 * keep it. Values must not be changed in place (in development they are frozen): set a changed copy.
 */
export interface OptimisticLocalStore {
  /** The answer the page shows for this query now; undefined while it has none. */
  getQuery<Query extends PublicQuery>(
    query: Query,
    ...args: OptionalArgs<Query>
  ): FunctionReturnType<Query> | undefined;
  /** Every answer on the page to this query, whatever its arguments. */
  getAllQueries<Query extends PublicQuery>(
    query: Query,
  ): { args: FunctionArgs<Query>; value: FunctionReturnType<Query> | undefined }[];
  /** Shows `value` for this query until the server's own answer contains the mutation. `undefined` shows it as loading. */
  setQuery<Query extends PublicQuery>(
    query: Query,
    args: FunctionArgs<Query>,
    value: FunctionReturnType<Query> | undefined,
  ): void;
}

/**
 * Shows what a mutation will probably do before the server says so. It is run again whenever the server's answers
 * change, until the mutation's result is among them, so it must be a pure function of the store and the arguments.
 */
export type OptimisticUpdate<Args> = (localStore: OptimisticLocalStore, args: Args) => void;
