import { join, sep } from "node:path";
import type { Log } from "../../environment/environment.ts";
import type { Settings } from "../process/settings.ts";
import { writeApi } from "./generate-api.ts";
import { LoadError, printProblem } from "./load-error.ts";
import { type FunctionLoader, foldersOf, type LoadedFunctions } from "./load-functions.ts";
import { watchFolders } from "./watch-folders.ts";

export interface WatchOptions {
  loader: FunctionLoader;
  /** What is served now. */
  loaded: LoadedFunctions;
  /**
   * Serves the new functions instead of the last ones.
   * @throws to refuse them: the last ones are served on. The message says why; that of a `RefusedError` also in brief. What is saved next is given to it in
   *   any case, also if it is what is served.
   */
  serve(loaded: LoadedFunctions, previous: LoadedFunctions): Promise<void> | void;
  /** Told why what is saved is not served, which the log has been told too; undefined when it is again. */
  notServed?(because: string | undefined): void;
  log: Log;
}

/** Functions that load cannot be served. */
export class RefusedError extends Error {
  override name = "RefusedError";
  /** For later saves, as long as the whole message would be the same. */
  readonly brief: string;

  constructor(message: string, brief: string) {
    super(message);
    this.brief = brief;
  }
}

export interface LoadFunctionsOptions {
  loader: FunctionLoader;
  settings: Pick<Settings, "development">;
  log: Log;
}

/**
 * Serves what is saved in `convex/` from now on, and keeps `_generated/api.ts` true to it. Functions that do not load
 * change nothing: the last good ones are served until the error, which it shows, is gone. Each save until then is told that
 * it stands.
 * @returns a function that ends it.
 */
export function watchFunctions({ loader, loaded, serve, notServed, log }: WatchOptions): () => void {
  let served = loaded;
  let failure: string | undefined;
  /** A refusal may have left something half way between what is served and what was refused. */
  let refused = false;

  async function reload(saved: boolean): Promise<void> {
    const start = performance.now();
    const found = await attempt(loader);
    if (found instanceof LoadError) return fail(found.problems.map(printProblem).join("\n\n"), saved);
    if (found.key !== served.key || refused) {
      try {
        await serve(found, served);
        refused = false;
      } catch (error) {
        refused = true;
        loader.remapStack(error);
        return fail(error instanceof Error ? error.message : String(error), saved, briefOf(error));
      }
    } else if (failure === undefined) return;
    log.info(`${failure === undefined ? "functions" : "functions are good again:"} reloaded in ${elapsed(start)}`);
    served = found;
    failure = undefined;
    notServed?.(undefined);
  }

  function fail(message: string, saved: boolean, brief = beginning(message)): void {
    const told = `functions not reloaded, the last good ones are served on\n\n${message}\n`;
    if (message !== failure) log.error(told);
    else if (saved) log.warn(`functions still not reloaded: ${brief}`);
    failure = message;
    notServed?.(told);
  }

  return onEveryChange(loader, log, reload);
}

/**
 * Loads the functions for the first time. In development it resolves once they load, and shows until then what is wrong.
 * @throws {LoadError} in production, when they do not load.
 */
export async function loadFunctions({ loader, settings, log }: LoadFunctionsOptions): Promise<LoadedFunctions> {
  if (!settings.development) return loader.load();
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

/** The place and what is wrong there, or the first sentence. */
function beginning(message: string): string {
  return message.split("\n", 2).join(" ").trim();
}

function elapsed(since: number): string {
  return `${Math.round(performance.now() - since)} ms`;
}

/**
 * Runs `task` after every change of the loader's files; never twice at once, and once more if something changed meanwhile.
 * It is told whether somebody saved what functions are made of, rather than that a tool wrote something beside it.
 */
function onEveryChange(loader: FunctionLoader, log: Log, task: (saved: boolean) => Promise<void>): () => void {
  let running = false;
  let again = false;
  let saved = false;

  async function run(paths: ReadonlySet<string>): Promise<void> {
    again = true;
    saved ||= [...paths].some((path) => isSource(loader, path));
    if (running) return;
    running = true;
    while (again) {
      again = false;
      const told = saved;
      saved = false;
      await task(told).catch((error) => log.error("reloading the functions failed", { error }));
      // What was loaded may come from folders that nobody has watched so far.
      if (!stopped) watch.lookAgain();
    }
    running = false;
  }

  let stopped = false;
  const watched = () => ({ deep: [loader.directory], flat: foldersOf(loader.filesOutside) });
  const watch = watchFolders(watched, (paths) => void run(paths));
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
