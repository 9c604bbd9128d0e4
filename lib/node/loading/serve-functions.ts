import { join } from "node:path";
import { stripVTControlCharacters, styleText } from "node:util";
import type { Driver } from "../../database/driver/driver.ts";
import { tablesOf } from "../../database/driver/schema-dialect.ts";
import { servePostgresProtocol } from "../../database/pglite/serve-postgres-protocol.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Log } from "../../environment/environment.ts";
import { applyMigrations } from "../../schema/migrations/apply-migrations.ts";
import { type PushResult, pushSchema } from "../../schema/push-schema.ts";
import { DrizzleKitProcess } from "../../schema/snapshot/drizzle-kit-process.ts";
import { unfitTables } from "../../schema/unfit-tables.ts";
import type { Settings } from "../process/settings.ts";
import { afterPush, type DatabaseState, noticeOf, type ServedState, whenServed } from "./follow-states.ts";
import type { FunctionLoader, LoadedFunctions } from "./load-functions.ts";
import { RefusedError, watchFunctions } from "./watch-functions.ts";

/** What `serveFunctions` takes. */
export interface ServeFunctionsOptions {
  /** Runs the functions, and shows notices in open pages. */
  engine: Pick<Engine, "useFunctions" | "notice" | "keepNotice">;
  /** The open database, whose tables are changed to fit the schema. */
  database: Driver;
  /** Loads the functions again after each save, and knows the folder of the migrations. */
  loader: FunctionLoader;
  /** The functions to serve first, as `loadFunctions` returns them. */
  functions: LoadedFunctions;
  /** Development or production, and the database plan that is accepted although it loses data. */
  settings: Pick<Settings, "development" | "acceptedPlan">;
  /** Receives what is applied to the database, and why a save is not served. */
  log: Log;
}

type Refusal = Extract<PushResult, { status: "refused" }>;

/** The functions that `serveFunctions` serves. */
export interface ServedFunctions {
  /**
   * Stops to watch `convex/`, and ends drizzle-kit and the bundler. The engine keeps its functions.
   * @returns a promise that resolves when their processes have ended.
   */
  close(): Promise<void>;
}

/**
 * Changes the database to fit the functions and serves them.
 *
 * In development the database follows `convex/schema.ts`, the functions follow what is saved in `convex/`, and tools
 * such as drizzle-kit can connect to the embedded database. In production the migrations in `drizzle/` are applied.
 * @returns a promise that resolves when the functions are served.
 * @throws when a migration fails or the database cannot be used.
 * @example
 * const functions = await serveFunctions({ engine, database, loader, functions: loaded, settings, log });
 */
export async function serveFunctions(options: ServeFunctionsOptions): Promise<ServedFunctions> {
  const { engine, database, loader, functions, settings, log } = options;
  const serve = ({ modules, schema, casing }: LoadedFunctions): void => {
    // biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React; it uses these functions from now on
    engine.useFunctions(modules, schema, casing);
  };
  if (settings.development) return followSaves(options, serve);
  const hasTables = tablesOf(functions.schema).length > 0;
  await applyMigrations({ driver: database, folder: loader.migrations, hasTables, log });
  const unfit = await unfitTables(database, functions.schema, functions.casing);
  if (unfit !== undefined) log.error(unfit);
  serve(functions);
  await loader.close();
  return { close: async () => {} };
}

async function followSaves(
  { engine, database, loader, functions, settings, log: terminal }: ServeFunctionsOptions,
  serve: (functions: LoadedFunctions) => void,
): Promise<ServedFunctions> {
  const log = alsoInPages(terminal, engine);
  const planner = new DrizzleKitProcess();
  const schemaPath = join(loader.directory, "schema.ts");
  let databaseState: DatabaseState = { name: "unknown" };
  let servedState: ServedState = { name: "fitting" };
  /** Why the last save is not served. */
  let notServed: string | undefined;
  /** Accepts one push only: if the same plan comes up again, it has to be accepted again. */
  let accept = settings.acceptedPlan;

  /** @returns the reason, if the database was not changed and does not fit the schema. */
  async function changeDatabase({ schemaKey, casing }: LoadedFunctions): Promise<Refusal | undefined> {
    if (databaseState.name === "fits" && databaseState.schemaKey === schemaKey) return undefined;
    databaseState = { name: "unknown" };
    const result = await pushSchema({
      driver: database,
      schemaPath,
      casing,
      drizzleKit: planner,
      accept,
      migrations: loader.migrations,
    });
    accept = undefined;
    const refusal = result.status === "refused" ? result : undefined;
    databaseState = afterPush(schemaKey, refusal);
    if (result.status === "applied") {
      log.info(`database changed to match convex/schema.ts\n${styleText("dim", result.statements.join("\n"))}`);
    }
    return refusal;
  }

  /** Serves functions although the database may have refused their schema: what needs no change of it works. */
  function serveDespite(refusal: Refusal | undefined, loaded: LoadedFunctions): void {
    const isKnown = servedState.name === "misfit" && servedState.message === refusal?.message;
    if (refusal !== undefined && !isKnown) log.error(refusal.message);
    servedState = whenServed(refusal);
    keepNotice();
    serve(loaded);
  }

  /** For pages that are opened later: they have not received the notices of the log. */
  function keepNotice(): void {
    const notice = noticeOf(servedState, notServed);
    engine.keepNotice(notice && stripVTControlCharacters(notice));
  }

  const wire = await servePostgresProtocol(database, log);
  serveDespite(await changeDatabase(functions), functions);
  const stopWatching = watchFunctions({
    loader,
    loaded: functions,
    log,
    notServed(because) {
      notServed = because;
      keepNotice();
    },
    async serve(saved, previous) {
      const refusal = await changeDatabase(saved);
      const onlyFunctions = saved.schemaKey === previous.schemaKey && saved.key !== previous.key;
      if (refusal !== undefined && !onlyFunctions) throw new RefusedError(refusal.message, refusal.brief);
      serveDespite(refusal, saved);
    },
  });
  return {
    async close() {
      stopWatching();
      planner.close();
      await Promise.all([wire.close(), loader.close()]);
    },
  };
}

/** A log that shows errors in open pages as well: the author of a save looks at a page as often as at the terminal. */
function alsoInPages(log: Log, engine: Pick<Engine, "notice">): Log {
  return {
    ...log,
    error(message, about) {
      log.error(message, about);
      engine.notice(stripVTControlCharacters(message));
    },
  };
}
