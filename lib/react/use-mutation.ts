import { useMemo } from "react";
import type { Calls } from "../client/calls/call-state.ts";
import type { OptimisticUpdate } from "../client/calls/optimistic-update.ts";
import type { SyncClient } from "../client/sync-client.ts";
import type {
  FunctionArgs,
  FunctionErrorData,
  FunctionReference,
  FunctionReturnType,
  OptionalArgs,
} from "../functions/reference.ts";
import type { FunctionError } from "../protocol/function-error.ts";
import { useCalls } from "./use-calls.ts";

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
  const { call, isPending, error } = useCalls(mutation, mutator);
  return useMemo(
    () => ({
      ...({ mutate: call.plain, isPending, error } as Mutation<F>),
      withOptimisticUpdate(latest) {
        call.update = latest;
        return { mutate: call.optimistic, isPending, error } as Mutation<F>;
      },
    }),
    [call, isPending, error],
  );
}

function mutator(client: SyncClient, path: string, calls: Calls) {
  const call = {
    /** The last one given. */
    update: undefined as OptimisticUpdate<never> | undefined,
    plain: (args?: Arguments) => calls.follow(client.call("Mutate", path, args)),
    optimistic: (args?: Arguments) => calls.follow(client.call("Mutate", path, args, call.update)),
  };
  return call;
}
