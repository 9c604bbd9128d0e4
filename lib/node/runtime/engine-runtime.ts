import { AsyncLocalStorage } from "node:async_hooks";
import { askIdentity, type Identify } from "../../auth/identify.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Log } from "../../environment/environment.ts";
import type { Runtime } from "./runtime.ts";

export interface RuntimeOptions {
  engine: Pick<Engine, "preload" | "call">;
  identify: Identify;
  log: Log;
}

/**
 * The engine as server components use it. Call it outside of any request.
 *
 * Functions run in the asynchronous context of this call, not in that of the request they are called from: `cookies()`
 * in a function fails there as it does when a socket asks, and what one caller's request holds cannot end up in an
 * answer that others are given too.
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
