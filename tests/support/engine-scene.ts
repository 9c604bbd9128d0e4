import { createEngine, type Engine } from "../../lib/engine/engine.ts";
import type { EngineLimits } from "../../lib/engine/run/limits.ts";
import type { FunctionModules } from "../../lib/engine/run/registry.ts";
import { HandClock } from "../../lib/testing/hand-clock.ts";
import { Nowhere } from "./databases/nowhere.ts";
import { WireClient } from "./wire-client.ts";

/** An engine that serves these functions on a database that holds nothing, in production mode, with a clock moved by hand. */
export class EngineScene {
  readonly clock = new HandClock();
  readonly driver = new Nowhere();
  readonly engine: Engine;
  #clients = 0;

  constructor(functions: FunctionModules, limits: Partial<EngineLimits> = {}) {
    this.engine = createEngine({ driver: this.driver, environment: this.clock, development: false, limits });
    // biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React
    this.engine.useFunctions(functions, {});
  }

  /** A new client, connected under a client id of its own. */
  readonly client = (): WireClient => new WireClient(this.engine).connect(String(++this.#clients).padStart(32, "0"));

  /** Resolves when all work that needs no timer is done. */
  readonly rest = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
  };

  close(): Promise<void> {
    return this.engine.close();
  }
}
