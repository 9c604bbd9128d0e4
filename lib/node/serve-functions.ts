import type { Driver } from "../database/driver.ts";
import type { Engine } from "../engine/engine.ts";
import type { Log } from "../environment/environment.ts";
import type { FunctionLoader, LoadedFunctions } from "./load-functions.ts";
import type { Settings } from "./settings.ts";
import { watchFunctions } from "./watch-functions.ts";

export interface ServeFunctionsOptions {
  engine: Pick<Engine, "useFunctions">;
  database: Driver;
  loader: FunctionLoader;
  /** What to serve first. */
  functions: LoadedFunctions;
  settings: Pick<Settings, "development">;
  log: Log;
}

/** Serves the functions; in development, from now on, what is saved in `convex/`. */
export async function serveFunctions(options: ServeFunctionsOptions): Promise<void> {
  const { engine, loader, functions, settings, log } = options;
  // biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React; it uses these functions from now on
  engine.useFunctions(functions.modules, functions.schema);
  if (!settings.development) return loader.close();
  watchFunctions({
    loader,
    loaded: functions,
    log,
    serve: ({ modules, schema }) => engine.useFunctions(modules, schema),
  });
}
