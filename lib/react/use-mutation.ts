import { useMemo } from "react";
import type { Calls } from "../client/calls/call-state.ts";
import type { OptimisticUpdate } from "../client/calls/optimistic-update.ts";
import type { SyncClient } from "../client/sync-client.ts";
import type {
  FunctionArgs,
  FunctionErrorData,
  FunctionReturnType,
  OptionalArgs,
  PublicMutation,
} from "../functions/reference.ts";
import type { FunctionError } from "../protocol/function-error.ts";
import { useCalls } from "./use-calls.ts";

type Arguments = Record<string, unknown>;

/** What `useMutation` returns, without the choice of an optimistic update. */
export interface Mutation<F extends PublicMutation> {
  /**
   * Runs the mutation, after the mutations that this page has called before. The same function on every render.
   * @returns its result, once the queries of this page show its writes.
   * @throws {FunctionError} the error that it failed with. Its optimistic update is reverted by then.
   */
  mutate: (...args: OptionalArgs<F>) => Promise<FunctionReturnType<F>>;
  /** Has a call not ended yet? */
  isPending: boolean;
  /** The error of the last call that failed. Undefined again when the next call starts. */
  error: FunctionError<FunctionErrorData<F>> | undefined;
}

/** What `useMutation` returns. */
export interface MutationWithUpdate<F extends PublicMutation> extends Mutation<F> {
  /**
   * The same mutation with an optimistic update, which shows at once what the mutation will probably do. It is not a hook,
   * and `update` may be an inline function. Each `useMutation` has one update: the last one given counts.
   * @param update Runs on the page's results now and after each change of them, until the server's results contain the
   *   mutation.
   * @returns the mutation; its `mutate` runs the update too.
   *
   * @example
   * const { mutate } = useMutation(api.messages.send).withOptimisticUpdate((store, { channel, text }) => {
   *   const shown = store.getQuery(api.messages.list, { channel });
   *   if (shown) store.setQuery(api.messages.list, { channel }, [...shown, { id: "new", text }]);
   * });
   */
  withOptimisticUpdate(update: OptimisticUpdate<FunctionArgs<F>>): Mutation<F>;
}

/**
 * A function that runs a mutation, and the state of its calls from this component.
 *
 * @param mutation A reference to the mutation, such as `api.messages.send`.
 * @returns `mutate`, `isPending`, `error` and `withOptimisticUpdate`.
 * @throws when there is no `ConvexProvider` above.
 *
 * @example
 * const { mutate, isPending, error } = useMutation(api.messages.send);
 * await mutate({ channel, text });
 */
export function useMutation<F extends PublicMutation>(mutation: F): MutationWithUpdate<F> {
  const { call, withState } = useCalls(mutation, mutator);
  return useMemo(
    () =>
      withState({
        mutate: call.plain,
        withOptimisticUpdate(latest: typeof call.update) {
          call.update = latest;
          return withState({ mutate: call.optimistic });
        },
      }) as unknown as MutationWithUpdate<F>,
    [call, withState],
  );
}

function mutator(client: SyncClient, path: string, calls: Calls) {
  const call = {
    /** The last one that was given to `withOptimisticUpdate`. */
    update: undefined as OptimisticUpdate<never> | undefined,
    plain: (args?: Arguments) => calls.follow(client.call("Mutate", path, args)),
    optimistic: (args?: Arguments) => calls.follow(client.call("Mutate", path, args, call.update)),
  };
  return call;
}
