import { join } from "node:path";
import { styleText } from "node:util";
import { bringInLine } from "../database/bring-in-line.ts";
import type { Driver } from "../database/driver.ts";
import { SchemaPlanner } from "../database/schema-planner.ts";
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

/**
 * Serves the functions. In development it brings the database in line with `convex/schema.ts` first, and from then on
 * serves what is saved in `convex/`.
 */
export async function serveFunctions(options: ServeFunctionsOptions): Promise<void> {
  const { engine, loader, functions, settings, log } = options;
  const serve = ({ modules, schema }: LoadedFunctions): void => {
    // biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React; it uses these functions from now on
    engine.useFunctions(modules, schema);
  };
  if (!settings.development) {
    serve(functions);
    return loader.close();
  }
  const planner = new SchemaPlanner();
  const refusal = await changeDatabase(options, planner);
  // There are no functions that fit the database better, and what does not need the change works.
  if (refusal !== undefined) log.error(refusal);
  serve(functions);
  watchFunctions({
    loader,
    loaded: functions,
    log,
    async serve(saved, previous) {
      const refusal = saved.schemaKey === previous.schemaKey ? undefined : await changeDatabase(options, planner);
      if (refusal !== undefined) throw new Error(refusal);
      serve(saved);
    },
  });
}

/** @returns why the database was left as it is, when it does not fit the schema. */
async function changeDatabase(
  { database, loader, log }: ServeFunctionsOptions,
  planner: SchemaPlanner,
): Promise<string | undefined> {
  const result = await bringInLine({ driver: database, schemaPath: join(loader.directory, "schema.ts"), planner });
  switch (result.status) {
    case "inLine":
      return undefined;
    case "applied":
      log.info(`database brought in line with the schema\n${styleText("dim", result.statements.join("\n"))}`);
      return undefined;
    case "refused":
      return result.message;
  }
}
