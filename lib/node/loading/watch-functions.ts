import { join, sep } from "node:path";
import { LoadError, type LoadProblem, printProblem } from "../../bundling/load-error.ts";
import type { Log } from "../../environment/environment.ts";
import type { Settings } from "../process/settings.ts";
import {
  afterChange,
  afterSave,
  afterTask,
  isKnown,
  mustServe,
  type SavedEvent,
  type SavedState,
  type TaskState,
} from "./follow-states.ts";
import { writeApi } from "./generate-api.ts";
import { type FunctionLoader, foldersOf, type LoadedFunctions } from "./load-functions.ts";
import { watchFolders } from "./watch-folders.ts";

/** What `watchFunctions` takes. */
export interface WatchOptions {
  loader: FunctionLoader;
  /** The functions that are served now. */
  loaded: LoadedFunctions;
  /**
   * Serves the new functions instead of the previous ones.
   * @throws to refuse them: the previous ones stay served. The message says why. After a refusal the next save that loads is
   *   passed here in any case, also if it equals what is served.
   */
  serve(loaded: LoadedFunctions, previous: LoadedFunctions): Promise<void> | void;
  /** Called with the reason, as the log has it, when a save is not served; with undefined when one is served again. */
  notServed?(because: string | undefined): void;
  log: Log;
}

/** Functions load, but cannot be served. */
export class RefusedError extends Error {
  override name = "RefusedError";
  /** A shorter message, which is logged for later saves while the full message stays the same. */
  readonly brief: string;

  constructor(message: string, brief: string) {
    super(message);
    this.brief = brief;
  }
}

/** What `loadFunctions` takes. */
export interface LoadFunctionsOptions {
  /** Loads the functions. */
  loader: FunctionLoader;
  /** In development the files are loaded as they are saved, and a failed load waits for the next save. */
  settings: Pick<Settings, "development">;
  /** Receives the reason of a failed load, in development, and what is doubtful in files that load. */
  log: Log;
}

/**
 * Serves what is saved in `convex/` from now on, and keeps `_generated/api.ts` up to date. A save that cannot be served
 * changes nothing: the functions before it stay served, and the reason is logged once. Each save until it is gone is
 * answered by a line that repeats it in brief. `follow-states.ts` has the states.
 * @returns a function that ends it.
 */
export function watchFunctions({ loader, loaded, serve, notServed, log }: WatchOptions): () => void {
  let served = loaded;
  let state: SavedState = { name: "served" };
  let told = loaded.warnings;

  async function reload(saved: boolean): Promise<void> {
    const start = performance.now();
    const found = await attempt(loader);
    if (found instanceof LoadError) {
      const message = found.problems.map(printProblem).join("\n\n");
      return fail({ type: "loadFailed", message }, saved, beginning(message));
    }
    tellWarnings(found.warnings, told, log);
    told = found.warnings;
    if (mustServe(state, found.key === served.key)) {
      try {
        await serve(found, served);
      } catch (error) {
        loader.remapStack(error);
        const message = error instanceof Error ? error.message : String(error);
        return fail({ type: "refused", message }, saved, briefOf(error) ?? beginning(message));
      }
    } else if (state.name === "served") return;
    const subject = state.name === "served" ? "functions" : "functions are good again:";
    log.info(`${subject} reloaded in ${elapsed(start)}`);
    served = found;
    state = afterSave(state, { type: "served" });
    notServed?.(undefined);
  }

  function fail(event: Exclude<SavedEvent, { type: "served" }>, saved: boolean, brief: string): void {
    const report = `functions not reloaded; the previous ones are still served\n\n${event.message}\n`;
    if (!isKnown(state, event)) log.error(report);
    else if (saved) log.warn(`functions still not reloaded: ${brief}`);
    state = afterSave(state, event);
    notServed?.(report);
  }

  return onEveryChange(loader, log, reload);
}

/**
 * Loads the functions for the first time: in development as they are saved, in production as `convex-lite build` has built
 * them. In development a failed load is logged, and loading is tried again after each save until it succeeds.
 * @returns the functions, once they load.
 * @throws in production, when they were not built, have changed since, or do not load. The message says what to do.
 * @example
 * const loaded = await loadFunctions({ loader, settings: readSettings(), log });
 */
export async function loadFunctions(options: LoadFunctionsOptions): Promise<LoadedFunctions> {
  const loaded = await firstThatLoad(options);
  tellWarnings(loaded.warnings, [], options.log);
  return loaded;
}

async function firstThatLoad({ loader, settings, log }: LoadFunctionsOptions): Promise<LoadedFunctions> {
  if (!settings.development) return loader.loadBuilt();
  const found = await attempt(loader);
  if (!(found instanceof LoadError)) return found;
  log.error(`functions not loaded; waiting for a change\n\n${found.problems.map(printProblem).join("\n\n")}\n`);
  return new Promise((resolve) => {
    const stop = onEveryChange(loader, log, async () => {
      const now = await attempt(loader);
      if (now instanceof LoadError) return;
      stop();
      resolve(now);
    });
  });
}

/** Logs the warnings that were not there before. */
function tellWarnings(warnings: readonly LoadProblem[], before: readonly LoadProblem[], log: Log): void {
  const told = new Set(before.map(printProblem));
  for (const warning of new Set(warnings.map(printProblem))) if (!told.has(warning)) log.warn(warning);
}

async function attempt(loader: FunctionLoader): Promise<LoadedFunctions | LoadError> {
  try {
    writeApi(loader.directory);
    return await loader.load();
  } catch (error) {
    if (error instanceof LoadError) return error;
    throw error;
  }
}

function briefOf(error: unknown): string | undefined {
  return error instanceof RefusedError ? error.brief : undefined;
}

/** The first two lines: of a load error its position and message. */
function beginning(message: string): string {
  return message.split("\n", 2).join(" ").trim();
}

function elapsed(since: number): string {
  return `${Math.round(performance.now() - since)} ms`;
}

/**
 * Runs `task` after every change of the loader's files: never twice at the same time, and once more for all changes that
 * were made while it ran. Its argument is true if a source of the functions was saved, and false if only a tool wrote
 * something, such as `_generated/api.ts`.
 */
function onEveryChange(loader: FunctionLoader, log: Log, task: (saved: boolean) => Promise<void>): () => void {
  let state: TaskState = { name: "idle" };
  let stopped = false;

  function changed(paths: ReadonlySet<string>): void {
    const saved = [...paths].some((path) => isSource(loader, path));
    const isIdle = state.name === "idle";
    state = afterChange(state, saved);
    if (isIdle) void run(saved);
  }

  async function run(saved: boolean): Promise<void> {
    for (let due: boolean | undefined = saved; due !== undefined; ) {
      await task(due).catch((error) => log.error("reloading the functions failed", { error }));
      // The load may have reached files in folders that are not watched yet.
      if (!stopped) watch.lookAgain();
      due = state.name === "runningAndDue" ? state.saved : undefined;
      state = afterTask(state);
    }
  }

  const watched = () => ({ deep: [loader.directory], flat: foldersOf(loader.filesOutside) });
  const watch = watchFolders(watched, changed);
  return () => {
    stopped = true;
    watch.close();
  };
}

function isSource({ directory, filesOutside }: FunctionLoader, path: string): boolean {
  const generated = join(directory, "_generated");
  if (path === generated || path.startsWith(generated + sep)) return false;
  return path.startsWith(directory + sep) || filesOutside.includes(path);
}
