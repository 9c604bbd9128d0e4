import {
  type FunctionKind,
  type FunctionReference,
  type FunctionReturnType,
  isInternalReference,
  type OptionalArgs,
} from "../functions/reference.ts";
import { toFunctionError } from "../protocol/function-error.ts";
import { fromWire } from "../values/wire.ts";
import { pathOfReference } from "./path-of-reference.ts";
import { forgetAnswers } from "./preload-query.ts";
import { runningServer } from "./running-server.ts";

/**
 * Runs a query once, for a server component, a server action or a route handler. It runs in this process, without HTTP,
 * as the caller that `identify` finds in the request. The result does not stay live: use `preloadQuery` for that.
 * @param query A reference to the query: `api.messages.list`, or `internal.…` for an internal one.
 * @param args The arguments of the query; they may be left out if it takes none.
 * @returns a promise of the query's result.
 * @throws {FunctionError} the error of the query, or of the call. Its `kind` tells which.
 * @throws {Error} when no convex-lite server runs in this process, as in `next build`.
 * @example
 * const channels = await fetchQuery(api.channels.list);
 */
export async function fetchQuery<F extends FunctionReference<"query">>(
  query: F,
  ...[args]: OptionalArgs<F>
): Promise<FunctionReturnType<F>> {
  return await call("fetchQuery", "query", query, args);
}

/**
 * Runs a mutation once, for a server component, a server action or a route handler. It runs in this process, without HTTP,
 * as the caller that `identify` finds in the request. Live queries are updated as after any mutation, and a later preload
 * in the same request contains its writes.
 * @param mutation A reference to the mutation: `api.messages.send`, or `internal.…` for an internal one.
 * @param args The arguments of the mutation; they may be left out if it takes none.
 * @returns a promise of the mutation's result, which resolves when its transaction is committed.
 * @throws {FunctionError} the error of the mutation, or of the call. Its `kind` tells which.
 * @throws {Error} when no convex-lite server runs in this process, as in `next build`.
 * @example
 * await fetchMutation(api.messages.send, { channel: "general", author: "Ada", text: "Hello" });
 */
export async function fetchMutation<F extends FunctionReference<"mutation">>(
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
 * Runs an action once, for a server component, a server action or a route handler. It runs in this process, without HTTP,
 * as the caller that `identify` finds in the request.
 * @param action A reference to the action: `api.mail.send`, or `internal.…` for an internal one.
 * @param args The arguments of the action; they may be left out if it takes none.
 * @returns a promise of the action's result.
 * @throws {FunctionError} the error of the action, or of the call. Its `kind` tells which.
 * @throws {Error} when no convex-lite server runs in this process, as in `next build`.
 * @example
 * const summary = await fetchAction(api.messages.summarise, { channel: "general" });
 */
export async function fetchAction<F extends FunctionReference<"action">>(
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
  by: string,
  kind: FunctionKind,
  fn: F,
  args: Record<string, unknown> | undefined,
): Promise<FunctionReturnType<F>> {
  const path = pathOfReference(by, fn);
  const { runtime, caller } = await runningServer(by);
  const outcome = await runtime.call({ kind, path, args: args ?? {}, caller, internal: isInternalReference(fn) });
  if (!outcome.ok) throw toFunctionError(outcome.error);
  return fromWire(outcome.value) as FunctionReturnType<F>;
}
