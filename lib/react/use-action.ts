import type { Calls } from "../client/calls/call-state.ts";
import type { SyncClient } from "../client/sync-client.ts";
import type { FunctionErrorData, FunctionReturnType, OptionalArgs, PublicAction } from "../functions/reference.ts";
import type { FunctionError } from "../protocol/function-error.ts";
import { useCalls } from "./use-calls.ts";

/** What `useAction` returns. */
export interface Action<F extends PublicAction> {
  /**
   * Runs the action. The same function on every render.
   * @returns its result.
   * @throws {FunctionError} the error that it failed with; an `UnavailableError` also when the connection was lost before
   *   the outcome arrived.
   */
  run: (...args: OptionalArgs<F>) => Promise<FunctionReturnType<F>>;
  /** Has a call not ended yet? */
  isPending: boolean;
  /** The error of the last call that failed. Undefined again when the next call starts. */
  error: FunctionError<FunctionErrorData<F>> | undefined;
}

/**
 * A function that runs an action, and the state of its calls from this component.
 *
 * @param action A reference to the action, such as `api.messages.translate`.
 * @returns `run`, `isPending` and `error`.
 * @throws when there is no `ConvexProvider` above.
 *
 * @example
 * const { run, isPending, error } = useAction(api.messages.translate);
 * return <button disabled={isPending} onClick={() => run({ id })}>{error ? error.message : "Translate"}</button>;
 */
export function useAction<F extends PublicAction>(action: F): Action<F> {
  const { call, withState } = useCalls(action, runner);
  return withState({ run: call }) as Action<F>;
}

function runner(client: SyncClient, path: string, calls: Calls) {
  return (args?: Record<string, unknown>) => calls.follow(client.call("Act", path, args));
}
