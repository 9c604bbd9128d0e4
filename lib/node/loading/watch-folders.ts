import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { basename, dirname, join } from "node:path";

export interface WatchedFolders {
  /** Folders watched with everything below them, also what is created later, and they themselves if they come and go. */
  deep: readonly string[];
  /** Folders of which only the entries themselves are watched. */
  flat?: readonly string[];
}

export interface FolderWatch {
  /** Asks which folders to watch. What happened in a new one before is not told. */
  lookAgain(): void;
  close(): void;
}

/** A save is several events; this many milliseconds without another one end it. */
const QUIET = 10;
/** What is written without pause is looked at after this many milliseconds at the latest. */
const PATIENCE = 200;

/**
 * Calls `changed` soon after anything in the given folders is created, changed, renamed or deleted, with the paths
 * that were named. A path may be missing from the list: look at the folder, not at the list, to know what is there.
 *
 * One watcher for each folder, and a fresh look at the folders after every event. A recursive watcher loses a file
 * that an editor replaces by renaming another over it, and a folder's own watcher dies with the folder.
 * @param folders Asked again after every event, and by `lookAgain`.
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

  /** Until nothing new turns up: a folder made between listing its parent and watching it would stay unseen. */
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
      return false; // Gone since it was listed: its parent's watcher tells when it comes back.
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

/** Which entries of which folder matter. */
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

/** Tells a folder from another one of the same name that has taken its place. */
function identityOf(folder: string): string | undefined {
  try {
    const { ino, birthtimeMs } = statSync(folder);
    return `${ino}:${birthtimeMs}`;
  } catch {
    return undefined;
  }
}
