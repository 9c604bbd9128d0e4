import { extname } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { DirectoryLock } from "../driver/directory-lock.ts";
import type { PgliteWorkerData, PgliteWorkerReply, PgliteWorkerRequest } from "./pglite-worker.ts";

/** The worker thread that has one directory open. Once it has stopped it stays stopped; open another. */
export class PgliteThread {
  /** Resolves when the database answers. Rejects when the directory cannot be opened. */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  #stopped = false;

  /**
   * @param lock The directory's. It is not collected as garbage, and so let go, before the thread has stopped.
   * @param image From which to make the directory first, when it does not exist.
   */
  constructor(directory: string, lock: DirectoryLock, image?: string) {
    const workerData: PgliteWorkerData = { directory, image };
    // The same ending as this file has: `.ts` in the repository, `.js` in the package.
    const file = new URL(`./pglite-worker${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(file, { workerData, name: "pglite" });
    this.#worker.on("exit", () => void lock);
    this.ready = this.#opened();
    // Whoever needs it awaits it; a thread that nobody awaits any more must not end the process.
    this.ready.catch(() => {});
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * A new connection, speaking PostgreSQL's wire protocol from the startup message on. Its port closes when the thread
   * stops. @param guest Undo what the connection set in its session when it closes.
   */
  connect(guest: boolean): MessagePort | undefined {
    if (this.#stopped) return undefined;
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ type: "serve", port: port2, guest } satisfies PgliteWorkerRequest, [port2]);
    return port1;
  }

  /** Does the thread answer within `ms`? Not while a statement runs. */
  answers(ms: number): Promise<boolean> {
    return this.#ask({ type: "ping" }, "pong", ms);
  }

  /** Closes the database in good order, which makes opening it faster, then stops. */
  async close(): Promise<void> {
    await this.#ask({ type: "close" }, "closed", 5_000);
    await this.kill();
  }

  /** Stops at once, in the middle of whatever runs. What was committed is in the directory. */
  async kill(): Promise<void> {
    this.#stopped = true;
    await this.#worker.terminate();
  }

  #opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      let failure = new Error("its thread ended");
      this.#worker.on("message", (reply: PgliteWorkerReply) => {
        if (reply.type === "ready") resolve();
        if (reply.type === "failed") {
          reject(new Error(reply.message));
          void this.kill();
        }
      });
      this.#worker.on("error", (error) => {
        failure = error instanceof Error ? error : new Error(String(error));
      });
      this.#worker.on("exit", () => {
        this.#stopped = true;
        reject(failure);
      });
    });
  }

  #ask(request: PgliteWorkerRequest, expected: PgliteWorkerReply["type"], ms: number): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (answered: boolean): void => {
        clearTimeout(timer);
        this.#worker.off("message", onMessage).off("exit", onExit);
        resolve(answered);
      };
      const onMessage = (reply: PgliteWorkerReply): void => {
        if (reply.type === expected) end(true);
      };
      const onExit = (): void => end(false);
      const timer = setTimeout(() => end(false), ms);
      this.#worker.on("message", onMessage).on("exit", onExit);
      this.#worker.postMessage(request);
    });
  }
}
