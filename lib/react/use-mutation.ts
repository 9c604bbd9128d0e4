import type { FunctionError } from "../client/errors.ts";
import type { OptimisticUpdate } from "../client/optimistic-store.ts";
import type {
  FunctionArgs,
  FunctionErrorData,
  FunctionReference,
  FunctionReturnType,
  OptionalArgs,
} from "../functions/reference.ts";

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
   * @param update Run on the page's answers now and after each change of them, until the server's answers contain the mutation.
   */
  withOptimisticUpdate(update: OptimisticUpdate<FunctionArgs<F>>): Mutation<F>;
}

export declare function useMutation<F extends PublicMutation>(mutation: F): MutationWithUpdate<F>;
