import type { Calls } from "../client/calls/call-state.ts";
import type { SyncClient } from "../client/sync-client.ts";
import type { FunctionErrorData, FunctionReference, FunctionReturnType, OptionalArgs } from "../functions/reference.ts";
import type { FunctionError } from "../protocol/function-error.ts";
import { useCalls } from "./use-calls.ts";

export type PublicAction = FunctionReference<"action", "public">;

export interface Action<F extends PublicAction> {
  /**
   * Runs the action. Keeps its identity.
   * @throws {FunctionError} what it failed with; `unavailable` also when the connection was lost meanwhile.
   */
  run: (...args: OptionalArgs<F>) => Promise<FunctionReturnType<F>>;
  /** Has a call not ended yet? */
  isPending: boolean;
  /** What the last call failed with; gone when the next one starts. */
  error: FunctionError<FunctionErrorData<F>> | undefined;
}

/** An action, to be run. */
export function useAction<F extends PublicAction>(action: F): Action<F> {
  const { call, isPending, error } = useCalls(action, runner);
  return { run: call, isPending, error } as Action<F>;
}

function runner(client: SyncClient, path: string, calls: Calls) {
  return (args?: Record<string, unknown>) => calls.follow(client.call("Act", path, args));
}
