import { useMemo, useSyncExternalStore } from "react";
import { Calls, NOT_CALLED } from "../client/call-state.ts";
import type { FunctionError } from "../client/errors.ts";
import type { OptimisticUpdate } from "../client/optimistic-store.ts";
import { addressFrom } from "../client/question.ts";
import type {
  FunctionArgs,
  FunctionErrorData,
  FunctionReference,
  FunctionReturnType,
  OptionalArgs,
} from "../functions/reference.ts";

import { useSyncClient } from "./provider.ts";

type Arguments = Record<string, unknown>;
export type PublicMutation = FunctionReference<"mutation", "public">;

export interface Mutation<F extends PublicMutation> {
  /**
   * Runs the mutation. Resolves with its result once this page's queries show its writes. Keeps its identity.
   * @throws {FunctionError} what it failed with; its optimistic update is reverted by then.
   */
  mutate: (...args: OptionalArgs<F>) => Promise<FunctionReturnType<F>>;
  /** Has a call not ended yet? */
  isPending: boolean;
  /** What the last call failed with; gone when the next one starts. */
  error: FunctionError<FunctionErrorData<F>> | undefined;
}

export interface MutationWithUpdate<F extends PublicMutation> extends Mutation<F> {
  /**
   * The same mutation, showing what it will probably do at once. Calls no hook; pass the function inline.
   * One update for each `useMutation`: the last one given counts.
   * @param update Run on the page's answers now and after each change of them, until the server's answers contain the mutation.
   */
  withOptimisticUpdate(update: OptimisticUpdate<FunctionArgs<F>>): Mutation<F>;
}

/**
 * A mutation, to be run.
 *
 * @example
 * const { mutate, isPending, error } = useMutation(api.messages.send);
 * await mutate({ channel, text });
 */
export function useMutation<F extends PublicMutation>(mutation: F): MutationWithUpdate<F> {
  const sync = useSyncClient();
  const address = addressFrom(mutation);
  const { calls, plain, optimistic, update } = useMemo(() => {
    const calls = new Calls();
    const update: { latest?: OptimisticUpdate<never> } = {};
    const plain = (args?: Arguments) => calls.follow(sync.mutate(address, args));
    const optimistic = (args?: Arguments) => calls.follow(sync.mutate(address, args, update.latest));
    return { calls, plain, optimistic, update };
  }, [sync, address]);
  const { isPending, error } = useSyncExternalStore(calls.subscribe, calls.state, () => NOT_CALLED);
  return useMemo(
    () => ({
      ...({ mutate: plain, isPending, error } as Mutation<F>),
      withOptimisticUpdate(latest) {
        update.latest = latest;
        return { mutate: optimistic, isPending, error } as Mutation<F>;
      },
    }),
    [plain, optimistic, update, isPending, error],
  );
}
