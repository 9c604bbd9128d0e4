import type { Identity } from "../../functions/context.ts";
import type { FunctionKind } from "../../functions/reference.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { PreloadedAnswer } from "../../protocol/preloaded.ts";
import type { Wire } from "../../values/wire.ts";

/** One function to run for the request that Next answers. */
export interface RuntimeCall {
  /** What kind of function it must be. */
  readonly kind: FunctionKind;
  /** Its path, such as `messages:send`. */
  readonly path: string;
  /** Its arguments. */
  readonly args: Record<string, unknown>;
  /** Who calls it: what `Runtime.identify` answered for the request. */
  readonly caller: Identity | null;
  /** May it be an internal function? */
  readonly internal: boolean;
}

/** How server components, server actions and route handlers reach the engine that `server.ts` started. */
export interface Runtime {
  /**
   * Asks `identify` who sent a request.
   * @param headers The headers of the request.
   * @returns the identity, null for an anonymous caller, or the error with which the request is refused.
   */
  identify(headers: Headers): Promise<Outcome<Identity | null>>;
  /**
   * Answers a public query, and keeps the answer for the browser that will subscribe to it.
   * @param path The path of the function, such as `messages:list`.
   * @param caller What `identify` answered for the request.
   * @returns the answer, or the error with which the query failed. The promise rejects only if the engine itself fails.
   */
  preload(path: string, args: Record<string, unknown>, caller: Identity | null): Promise<Outcome<PreloadedAnswer>>;
  /**
   * Runs one function.
   * @returns the function's value in wire form, or the error with which it failed.
   */
  call(call: RuntimeCall): Promise<Outcome<Wire>>;
}

/**
 * The key on `globalThis` under which `server.ts` stores the runtime and server components find it. They share nothing
 * else: Next bundles its own copies of every module.
 */
const runtimeKey = Symbol.for("convex-lite.runtime");

type GlobalWithRuntime = { [runtimeKey]?: Runtime };

/**
 * Makes the engine reachable from server components. Call it once in `server.ts`, before `NextServer.prepare`.
 * @param runtime What `engineRuntime` returned.
 * @example
 * offerRuntime(engineRuntime({ engine, identify, log }));
 */
export function offerRuntime(runtime: Runtime): void {
  (globalThis as GlobalWithRuntime)[runtimeKey] = runtime;
}

/** @returns the runtime of this process; undefined where there is none (`next build`, `generateStaticParams`, edge). */
export function findRuntime(): Runtime | undefined {
  return (globalThis as GlobalWithRuntime)[runtimeKey];
}
