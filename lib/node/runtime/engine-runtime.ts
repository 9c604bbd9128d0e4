import { AsyncLocalStorage } from "node:async_hooks";
import { askIdentity, type Identify } from "../../auth/identify.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Log } from "../../environment/environment.ts";
import type { Runtime } from "./runtime.ts";

/** What `engineRuntime` takes. */
export interface RuntimeOptions {
  /** Runs the functions. */
  engine: Pick<Engine, "preload" | "call">;
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
    preload: (path, args, headers) =>
      outsideOfRequests(async () => {
        const caller = await askIdentity(options, { headers });
        return caller.ok ? engine.preload(path, args, caller.value) : caller;
      }),
    call: (kind, path, args, headers) =>
      outsideOfRequests(async () => {
        const caller = await askIdentity(options, { headers });
        return caller.ok ? engine.call({ kind, path, args, caller: caller.value }) : caller;
      }),
  };
}
