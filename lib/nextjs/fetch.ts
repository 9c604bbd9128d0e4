import {
  type FunctionKind,
  type FunctionReference,
  type FunctionReturnType,
  functionPath,
  type OptionalArgs,
} from "../functions/reference.ts";
import { toFunctionError } from "../protocol/function-error.ts";
import { fromWire } from "../values/wire.ts";
import { forgetAnswers } from "./preload-query.ts";
import { runningServer } from "./running-server.ts";

/**
 * Runs a query once, in this process, for a server component, a server action or a route handler.
 * @throws {FunctionError} what it failed with, told apart by `kind`.
 */
export async function fetchQuery<F extends FunctionReference<"query", "public">>(
  query: F,
  ...[args]: OptionalArgs<F>
): Promise<FunctionReturnType<F>> {
  return await call("fetchQuery", "query", query, args);
}

/**
 * Runs a mutation once, in this process. Every client that watches what it changed is told, as after any mutation, and
 * a preload after it sees it.
 * @throws {FunctionError} what it failed with, told apart by `kind`.
 */
export async function fetchMutation<F extends FunctionReference<"mutation", "public">>(
  mutation: F,
  ...[args]: OptionalArgs<F>
): Promise<FunctionReturnType<F>> {
  try {
    return await call("fetchMutation", "mutation", mutation, args);
  } finally {
    forgetAnswers();
  }
}

/**
 * Runs an action once, in this process.
 * @throws {FunctionError} what it failed with, told apart by `kind`.
 */
export async function fetchAction<F extends FunctionReference<"action", "public">>(
  action: F,
  ...[args]: OptionalArgs<F>
): Promise<FunctionReturnType<F>> {
  try {
    return await call("fetchAction", "action", action, args);
  } finally {
    forgetAnswers();
  }
}

async function call<F extends FunctionReference>(
  asker: string,
  kind: FunctionKind,
  fn: F,
  args: Record<string, unknown> | undefined,
): Promise<FunctionReturnType<F>> {
  const { runtime, headers } = await runningServer(asker);
  const outcome = await runtime.call(kind, fn[functionPath], args ?? {}, headers);
  if (!outcome.ok) throw toFunctionError(outcome.error);
  return fromWire(outcome.value) as FunctionReturnType<F>;
}
