import { type ChildProcess, spawn } from "node:child_process";
import { watchFolders } from "../node/loading/watch-folders.ts";
import { terminalLog } from "../node/process/terminal-log.ts";
import { ServerFiles } from "./server-files.ts";

/** Milliseconds a server has to stop in order before it is killed. It allows itself 25 s. */
const STOP_TIME = 26_000;

export interface DevOptions {
  /** The code of a plan for the database that was refused and is accepted: by the first server, which it was read for. */
  accept?: string | undefined;
}

/**
 * Runs `node server.ts`, and again whenever a file that it was made of changes. Ends when it is told to, and when the
 * server cannot even start; a server that ends later is started again after the next change.
 * @returns the exit code.
 */
export async function dev(root: string, { accept }: DevOptions = {}): Promise<number> {
  const log = terminalLog();
  const files = new ServerFiles(root);
  await files.look();

  const ended = Promise.withResolvers<number>();
  let hasBeenReady = false;
  let stopping = false;
  let server: ChildProcess | undefined;
  let restarting = false;
  let accepted = accept;

  function start(): void {
    const child = spawn(process.execPath, ["server.ts"], {
      cwd: root,
      // Over the channel the server says that it is ready, and notices when this process is gone.
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      env: { ...process.env, NODE_ENV: "development", CONVEX_LITE_ACCEPT: accepted ?? "" },
    });
    accepted = undefined;
    server = child;
    child.on("message", (message) => {
      if (message === "ready") hasBeenReady = true;
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

  /** A server that runs follows by itself what is no part of it. */
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

async function stop(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const impatient = setTimeout(() => child.kill("SIGKILL"), STOP_TIME);
  child.kill("SIGTERM");
  await exited;
  clearTimeout(impatient);
}
