import { join } from "node:path";
import { stripVTControlCharacters, styleText } from "node:util";
import type { Driver } from "../../database/driver/driver.ts";
import { servePostgresProtocol } from "../../database/pglite/serve-postgres-protocol.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Log } from "../../environment/environment.ts";
import { applyMigrations } from "../../schema/migrations/apply-migrations.ts";
import { type PushResult, pushSchema } from "../../schema/push-schema.ts";
import { DrizzleKitProcess } from "../../schema/snapshot/drizzle-kit-process.ts";
import type { Settings } from "../process/settings.ts";
import type { FunctionLoader, LoadedFunctions } from "./load-functions.ts";
import { RefusedError, watchFunctions } from "./watch-functions.ts";

export interface ServeFunctionsOptions {
  engine: Pick<Engine, "useFunctions" | "notice" | "keepNotice">;
  database: Driver;
  loader: FunctionLoader;
  /** What to serve first. */
  functions: LoadedFunctions;
  settings: Pick<Settings, "development" | "acceptedPlan">;
  log: Log;
}

type Refusal = Extract<PushResult, { status: "refused" }>;

/** Functions are served, and what is saved is too, until this is closed. */
export interface ServedFunctions {
  close(): Promise<void>;
}

/**
 * Makes the database fit the functions and serves them.
 *
 * In development the database follows `convex/schema.ts`, the functions follow what is saved in `convex/`, and tools
 * such as drizzle-kit may use the embedded database too. In production the migrations in `drizzle/` are applied.
 * @throws when a migration fails.
 */
export async function serveFunctions(options: ServeFunctionsOptions): Promise<ServedFunctions> {
  const { engine, database, loader, functions, settings, log } = options;
  const serve = ({ modules, schema }: LoadedFunctions): void => {
    // biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React; it uses these functions from now on
    engine.useFunctions(modules, schema);
  };
  if (settings.development) return followSaves(options, serve);
  await applyMigrations({ driver: database, folder: loader.migrations, log });
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
  /** The schema that the database fits. Unknown after a refusal: somebody may do by hand what was refused. */
  let fits: string | undefined;
  let told: string | undefined;
  let notServed: string | undefined;
  /** Only once: should the same plan come up again, somebody may think otherwise of it. */
  let accept = settings.acceptedPlan;

  /** @returns why the database was left as it is, when it does not fit the schema. */
  async function changeDatabase({ schemaKey }: LoadedFunctions): Promise<Refusal | undefined> {
    if (schemaKey === fits) return undefined;
    fits = undefined;
    const result = await pushSchema({
      driver: database,
      schemaPath,
      drizzleKit: planner,
      accept,
      migrations: loader.migrations,
    });
    accept = undefined;
    if (result.status === "refused") return result;
    fits = schemaKey;
    if (result.status === "applied") {
      log.info(`database brought in line with the schema\n${styleText("dim", result.statements.join("\n"))}`);
    }
    return undefined;
  }

  /** Of functions that are served all the same: none fit the database better, and what needs no change works. */
  function tell(refusal: Refusal | undefined): void {
    if (refusal !== undefined && refusal.message !== told) log.error(refusal.message);
    told = refusal?.message;
    keepNotice();
  }

  /** A page that is opened later has not heard what the open ones were told. */
  function keepNotice(): void {
    const standing = notServed ?? told;
    engine.keepNotice(standing && stripVTControlCharacters(standing));
  }

  const wire = await servePostgresProtocol(database, log);
  tell(await changeDatabase(functions));
  serve(functions);
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
      tell(refusal);
      serve(saved);
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

/** Whoever saves something that cannot be served looks at a page as often as at the terminal. */
function alsoInPages(log: Log, engine: Pick<Engine, "notice">): Log {
  return {
    ...log,
    error(message, about) {
      log.error(message, about);
      engine.notice(stripVTControlCharacters(message));
    },
  };
}
