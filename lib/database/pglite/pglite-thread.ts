import { extname } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { DirectoryLock } from "../driver/directory-lock.ts";
import type { PgliteWorkerData, PgliteWorkerReply, PgliteWorkerRequest } from "./pglite-worker.ts";

/** What a thread is started with. */
export interface PgliteThreadOptions {
  directory: string;
  /** The directory's lock. The thread keeps a reference until it has stopped: garbage collection would release it. */
  lock: DirectoryLock;
  /** The image from which to create the directory first. Undefined when the directory exists. */
  image: string | undefined;
  /** Whether the process goes on for as long as the thread runs. If not, it does while a call of `PgliteThread` waits. */
  holdsProcess: boolean;
}

/** The worker thread that has one directory open. It cannot be started again; make another one instead. */
export class PgliteThread {
  /** Resolves when the database accepts connections. Rejects when the directory cannot be opened. */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #holdsProcess: boolean;
  #stopped = false;
  #hasMadeSettings = false;
  #discards = 0;

  constructor({ directory, lock, image, holdsProcess }: PgliteThreadOptions) {
    const workerData: PgliteWorkerData = { directory, image };
    // The extension of this file: `.ts` in the repository, `.js` in the package.
    const file = new URL(`./pglite-worker${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(file, { workerData, name: "pglite" });
    this.#worker.on("exit", () => void lock);
    this.#holdsProcess = holdsProcess;
    this.ready = this.#opened();
    // A rejection that no caller awaits must not end the process.
    this.ready.catch(() => {});
  }

  /** Whether an administrator has made settings of values in the database. Known from `ready` on. */
  get hasMadeSettings(): boolean {
    return this.#hasMadeSettings;
  }

  /** How often the backend has discarded everything: what was prepared in it before is gone. */
  get discards(): number {
    return this.#discards;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * Opens a connection, which speaks PostgreSQL's wire protocol from the startup message on. Its port closes when the
   * thread stops.
   */
  connect(): MessagePort | undefined {
    if (this.#stopped) return undefined;
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ type: "serve", port: port2 } satisfies PgliteWorkerRequest, [port2]);
    return port1;
  }

  /**
   * Discards, before the next transaction, what a connection that has ended left in the backend that all share.
   * @returns whether the thread has answered within `ms` milliseconds. It does not while a statement runs.
   */
  discard(ms: number): Promise<boolean> {
    this.#discards++;
    return this.#ask({ type: "discard" }, "discards", ms);
  }

  /** Shuts the database down, which makes the next opening faster, then ends the thread. */
  async close(): Promise<void> {
    await this.#ask({ type: "close" }, "closed", 5_000);
    await this.kill();
  }

  /** Ends the thread at once, even while a statement runs. Commits are in the directory. */
  async kill(): Promise<void> {
    this.#stopped = true;
    await this.#worker.terminate();
  }

  #opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      let failure = new Error("its thread ended");
      this.#worker.on("message", (reply: PgliteWorkerReply) => {
        if (reply.type === "ready") {
          this.#hasMadeSettings = reply.madeSettings;
          if (!this.#holdsProcess) this.#worker.unref();
          resolve();
        }
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
        if (!this.#holdsProcess) this.#worker.unref();
        resolve(answered);
      };
      const onMessage = (reply: PgliteWorkerReply): void => {
        if (reply.type === expected) end(true);
      };
      const onExit = (): void => end(false);
      const timer = setTimeout(() => end(false), ms);
      this.#worker.on("message", onMessage).on("exit", onExit);
      this.#worker.ref();
      this.#worker.postMessage(request);
    });
  }
}
