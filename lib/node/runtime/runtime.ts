import type { FunctionKind } from "../../functions/reference.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { PreloadedAnswer } from "../../protocol/preloaded.ts";
import type { Wire } from "../../values/wire.ts";

/** How server components, server actions and route handlers reach the engine that `server.ts` started. */
export interface Runtime {
  /**
   * Answers a query, and keeps the answer for the browser that will subscribe to it.
   * @param path The path of the function, such as `messages:list`.
   * @param headers The headers of the request, from which `identify` finds the caller.
   * @returns the answer, or the error with which the query failed. The promise rejects only if the engine itself fails.
   */
  preload(path: string, args: Record<string, unknown>, headers: Headers): Promise<Outcome<PreloadedAnswer>>;
  /**
   * Runs one public function.
   * @param path The path of the function, such as `messages:send`.
   * @param headers The headers of the request, from which `identify` finds the caller.
   * @returns the function's value in wire form, or the error with which it failed.
   */
  call(kind: FunctionKind, path: string, args: Record<string, unknown>, headers: Headers): Promise<Outcome<Wire>>;
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
