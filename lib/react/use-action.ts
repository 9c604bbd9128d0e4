import type { FunctionError } from "../client/errors.ts";
import type {
  FunctionErrorData,
  FunctionReference,
  FunctionReturnType,
  OptionalArgs,
} from "../functions/reference.ts";

export type PublicAction = FunctionReference<"action", "public">;

export interface Action<F extends PublicAction> {
  /** Runs the action. Keeps its identity. */
  run: (...args: OptionalArgs<F>) => Promise<FunctionReturnType<F>>;
  /** Has a call not ended yet? */
  isPending: boolean;
  /** What the last call failed with; gone when the next one starts. */
  error: FunctionError<FunctionErrorData<F>> | undefined;
}

export declare function useAction<F extends PublicAction>(action: F): Action<F>;
