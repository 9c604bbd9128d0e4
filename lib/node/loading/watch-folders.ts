import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The folders that `watchFolders` watches. */
export interface WatchedFolders {
  /** Folders watched with everything below them, also what is created later. They may be deleted and created again. */
  deep: readonly string[];
  /** Folders of which only the direct entries are watched. */
  flat?: readonly string[];
}

/** A running watch. */
export interface FolderWatch {
  /** Reads again which folders to watch. Changes in a new folder before this call are not reported. */
  lookAgain(): void;
  /** Ends the watch. */
  close(): void;
}

/** Milliseconds without an event that end a save, which is several events. */
const QUIET = 10;
/** Milliseconds after which changes are reported at the latest, while files are written without pause. */
const PATIENCE = 200;

/**
 * Calls `changed` soon after anything in the given folders is created, changed, renamed or deleted, with the paths
 * that the system named. The list may be incomplete: read the folder to know its contents.
 *
 * There is one watcher for each folder, and after every event the folders are listed again. A recursive watcher would lose
 * a file that an editor replaces by renaming another one over it, and a folder's watcher ends with the folder.
 * @param folders Called after every event, and by `lookAgain`.
 */
export function watchFolders(folders: () => WatchedFolders, changed: (paths: Set<string>) => void): FolderWatch {
  const watchers = new Map<string, { watcher: FSWatcher; identity: string }>();
  let paths = new Set<string>();
  let quiet: NodeJS.Timeout | undefined;
  let firstEvent = 0;

  function event(path: string): void {
    if (paths.size === 0) firstEvent = Date.now();
    paths.add(path);
    clearTimeout(quiet);
    quiet = setTimeout(settled, Math.max(0, Math.min(QUIET, firstEvent + PATIENCE - Date.now())));
  }

  function settled(): void {
    const named = paths;
    paths = new Set();
    lookAgain();
    changed(named);
  }

  /** Repeats until no folder is new: one that is created between the listing and the watching of its parent is found. */
  function lookAgain(): void {
    let started = true;
    while (started) {
      started = false;
      const wanted = interest(folders());
      for (const folder of [...watchers.keys()]) if (!wanted.has(folder)) stop(folder);
      for (const [folder, names] of wanted) if (start(folder, names)) started = true;
    }
  }

  function start(folder: string, names: ReadonlySet<string> | "all"): boolean {
    const identity = identityOf(folder);
    if (identity === undefined || watchers.get(folder)?.identity === identity) return false;
    stop(folder);
    try {
      const watcher = watch(folder, (_type, name) => {
        if (names === "all" || name === null || names.has(name)) event(join(folder, name ?? ""));
      });
      watcher.on("error", () => {
        stop(folder);
        event(folder);
      });
      watchers.set(folder, { watcher, identity });
      return true;
    } catch {
      return false; // It was deleted since the listing; its parent's watcher reports when it is created again.
    }
  }

  function stop(folder: string): void {
    watchers.get(folder)?.watcher.close();
    watchers.delete(folder);
  }

  lookAgain();
  return {
    lookAgain,
    close() {
      clearTimeout(quiet);
      for (const folder of [...watchers.keys()]) stop(folder);
    },
  };
}

/** For each folder to watch, the names of the entries whose changes are reported. */
function interest({ deep, flat = [] }: WatchedFolders): Map<string, ReadonlySet<string> | "all"> {
  const wanted = new Map<string, Set<string> | "all">();
  for (const folder of deep) {
    const siblings = wanted.get(dirname(folder)) ?? new Set<string>();
    if (siblings !== "all") wanted.set(dirname(folder), siblings.add(basename(folder)));
  }
  for (const folder of [...deep.flatMap(withFoldersBelow), ...flat]) wanted.set(folder, "all");
  return wanted;
}

function withFoldersBelow(folder: string): string[] {
  try {
    return [
      folder,
      ...readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."))
        .flatMap((entry) => withFoldersBelow(join(folder, entry.name))),
    ];
  } catch {
    return [];
  }
}

/** Distinguishes a folder from a later one of the same name. */
function identityOf(folder: string): string | undefined {
  try {
    const { ino, birthtimeMs } = statSync(folder);
    return `${ino}:${birthtimeMs}`;
  } catch {
    return undefined;
  }
}
