import { AsyncLocalStorage } from "node:async_hooks";
import { askIdentity, type Identify } from "../../auth/identify.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Log } from "../../environment/environment.ts";
import type { Runtime } from "./runtime.ts";

/** What `engineRuntime` takes. */
export interface RuntimeOptions {
  /** Runs the functions, and the queries of `identify`. */
  engine: Pick<Engine, "preload" | "call" | "queryFresh">;
  /** Decides who is calling, from the headers of the request that Next answers. */
  identify: Identify;
  /** Receives what `identify` throws. */
  log: Log;
}

/**
 * Makes the runtime through which server components, server actions and route handlers reach the engine. Call it outside
 * of any request.
 *
 * Functions run in the asynchronous context of this call, not in that of the calling request. So `cookies()` in a
 * function fails as it does in a call over a socket, and the data of one caller's request cannot reach an answer that
 * other callers share.
 * @returns the runtime; pass it to `offerRuntime`.
 * @example
 * offerRuntime(engineRuntime({ engine, identify, log }));
 */
export function engineRuntime(options: RuntimeOptions): Runtime {
  const { engine } = options;
  const outsideOfRequests = AsyncLocalStorage.snapshot();
  return {
    identify: (headers) => outsideOfRequests(async () => askIdentity(options, { headers })),
    preload: (path, args, caller) => outsideOfRequests(() => engine.preload(path, args, caller)),
    call: (call) => outsideOfRequests(() => engine.call(call)),
  };
}
