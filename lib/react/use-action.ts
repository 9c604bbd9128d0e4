import { useMemo, useSyncExternalStore } from "react";
import { Calls, NOT_CALLED } from "../client/call-state.ts";
import type { FunctionError } from "../client/errors.ts";
import { addressFrom } from "../client/question.ts";
import type { FunctionErrorData, FunctionReference, FunctionReturnType, OptionalArgs } from "../functions/reference.ts";
import { useSyncClient } from "./provider.ts";

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
  const sync = useSyncClient();
  const address = addressFrom(action);
  const { calls, run } = useMemo(() => {
    const calls = new Calls();
    return { calls, run: (args?: Record<string, unknown>) => calls.follow(sync.act(address, args)) };
  }, [sync, address]);
  const { isPending, error } = useSyncExternalStore(calls.subscribe, calls.state, () => NOT_CALLED);
  return { run, isPending, error } as Action<F>;
}
