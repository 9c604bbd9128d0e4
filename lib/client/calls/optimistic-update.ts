import type { FunctionArgs, FunctionReturnType, OptionalArgs, PublicQuery } from "../../functions/reference.ts";

/**
 * The results on this page, as an optimistic update reads and sets them. Valid during the update only: do not keep it.
 * Values must not be changed in place (in development they are frozen): set a changed copy.
 *
 * @example
 * const shown = store.getQuery(api.messages.list, { channel });
 * if (shown) store.setQuery(api.messages.list, { channel }, [...shown, { id: "new", text }]);
 */
export interface OptimisticLocalStore {
  /** The result that the page shows for this query now. Undefined while it has none. */
  getQuery<Query extends PublicQuery>(
    query: Query,
    ...args: OptionalArgs<Query>
  ): FunctionReturnType<Query> | undefined;
  /** Every result of this query on the page, with the arguments of each. */
  getAllQueries<Query extends PublicQuery>(
    query: Query,
  ): { args: FunctionArgs<Query>; value: FunctionReturnType<Query> | undefined }[];
  /** Shows `value` for this query until the server's own result contains the mutation. `undefined` shows it as loading. */
  setQuery<Query extends PublicQuery>(
    query: Query,
    args: FunctionArgs<Query>,
    value: FunctionReturnType<Query> | undefined,
  ): void;
}

/**
 * Shows at once what a mutation will probably do. It runs again whenever the server's results change, until they contain
 * the mutation, so it must be a pure function of the store and the arguments.
 */
export type OptimisticUpdate<Args> = (localStore: OptimisticLocalStore, args: Args) => void;
