import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Log } from "../../environment/environment.ts";
import { watchFolders } from "../../node/loading/watch-folders.ts";
import { checkPort } from "../../node/process/port.ts";
import { foreseeSettings, SettingsError } from "../../node/process/settings.ts";
import { terminalLog } from "../../node/process/terminal-log.ts";
import { ServerFiles } from "./server-files.ts";
import { serverArguments } from "./server-program.ts";

/** Milliseconds that a server has to shut down before it is killed. Its own limit is 25 s. */
const STOP_TIME = 26_000;

/** What `dev` takes. */
export interface DevOptions {
  /** The code of a refused database plan that is accepted. It applies to the first server only. */
  accept?: string | undefined;
  /** The path of a function that is run once, when the first server is ready: `seed:fill`. */
  run?: string | undefined;
}

/**
 * Runs the project's server, and restarts it when a file that it was made of changes. Ends on SIGINT, SIGTERM and SIGHUP, and
 * when the server ends before it was ready. A server that fails later is started again after the next change.
 * @returns the exit code.
 */
export async function dev(root: string, { accept, run }: DevOptions = {}): Promise<number> {
  const log = terminalLog();
  if (!(await canListen(root, log))) return 1;
  const files = new ServerFiles(root);
  await files.look();

  const ended = Promise.withResolvers<number>();
  let hasBeenReady = false;
  let stopping = false;
  let server: ChildProcess | undefined;
  let restarting = false;
  let accepted = accept;

  function start(): void {
    const child = spawn(process.execPath, serverArguments(root), {
      cwd: root,
      // Through the channel the server reports that it is ready, and notices when this process is gone.
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      env: { ...process.env, NODE_ENV: "development", CONVEX_LITE_ACCEPT: accepted ?? "" },
    });
    accepted = undefined;
    server = child;
    child.on("message", (message) => {
      if (message !== "ready") return;
      if (!hasBeenReady && run !== undefined) void runOnce(root, run, log);
      hasBeenReady = true;
    });
    child.on("exit", (code, signal) => {
      if (server === child) server = undefined;
      if (stopping) ended.resolve(code ?? 0);
      else if (restarting) return;
      else if (code === 0 || !hasBeenReady) ended.resolve(code ?? 1);
      else {
        watch.lookAgain();
        log.warn(`the server ended (${signal ?? `code ${code}`}); it starts again after the next change`);
      }
    });
  }

  async function restart(because: string): Promise<void> {
    if (restarting || stopping) return;
    restarting = true;
    log.info(`${because} changed: restarting`);
    if (server) await stop(server);
    await files.look();
    watch.lookAgain();
    restarting = false;
    if (!stopping) start();
  }

  function stopServer(): void {
    stopping = true;
    if (server) server.kill("SIGTERM");
    else ended.resolve(0);
  }

  /** A running server watches `convex/` and the pages itself, so only the folders of its own files are watched here. */
  const watched = () => ({ deep: server ? [] : [root], flat: files.folders });
  const watch = watchFolders(watched, (paths) => {
    const changed = [...paths].find((path) => (server ? files.matters(path) : files.mayMend(path)));
    if (changed) void restart(changed.slice(root.length + 1));
  });
  process.on("SIGINT", stopServer);
  process.on("SIGTERM", stopServer);
  process.on("SIGHUP", stopServer);

  start();
  const code = await ended.promise;
  watch.close();
  return code;
}

/** A busy port is told at once; the server would find it only when all that it is made of has been loaded. */
async function canListen(root: string, log: Log): Promise<boolean> {
  try {
    await checkPort({ ...foreseeSettings(root), directory: join(root, ".convex") });
    return true;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    log.error(error.message);
    return false;
  }
}

/** Runs a function without arguments on the server, as `convex-lite run` does. If it fails, the server goes on. */
async function runOnce(root: string, path: string, log: Log): Promise<void> {
  const { runAndPrint } = await import("../run/run.ts");
  const options = { path, args: undefined, identity: undefined, url: undefined, watch: false, json: false };
  try {
    await runAndPrint(root, options);
  } catch (error) {
    log.error(`${path} was not run`, { error });
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIME);
  child.kill("SIGTERM");
  await exited;
  clearTimeout(timer);
}
