import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { MessagePort } from "node:worker_threads";
import pg from "pg";
import type { Log } from "../../environment/environment.ts";
import { innermostMessage, lostBecause, UnusableDatabaseError } from "../driver/database-errors.ts";
import { type DirectoryLock, lockDirectory } from "../driver/directory-lock.ts";
import { type Casing, ConnectionLostError, type DatabaseConnection } from "../driver/driver.ts";
import { relationalSchema } from "../driver/relational-schema.ts";
import { Semaphore } from "../driver/semaphore.ts";
import { directoryIsUnwritable, unwritableMessage } from "../driver/unwritable.ts";
import { ExactPgDialect } from "../postgres/exact-dialect.ts";
import { PgConnection } from "../postgres/pg-connection.ts";
import { classifyPostgres } from "../postgres/postgres-errors.ts";
import { makeSettings, resetSession } from "../postgres/session-settings.ts";
import { OWN_NAMES, StatementNames } from "../postgres/statement-names.ts";
import type { EmbeddedDriver } from "./embedded-driver.ts";
import { initialImage } from "./initial-image.ts";
import { PgliteThread } from "./pglite-thread.ts";
import { PortStream } from "./port-stream.ts";

export interface PgliteOptions {
  /** The data directory. Created and initialised when absent. */
  directory: string;
  schema: Record<string, unknown>;
  log: Log;
  /** Milliseconds that `connect` waits for transactions before it. Default 10,000. */
  connectTimeoutMs?: number;
  /** Milliseconds that the database's thread has to answer after a connection was destroyed. Default 500. */
  answerTimeoutMs?: number;
  /** Whether the process goes on for as long as the database is open, also when nothing uses it. Default true. */
  holdsProcess?: boolean;
}

/**
 * Opens the embedded PostgreSQL. It runs in a worker thread, one transaction at a time. Its client is `pg`, so that the
 * code above it has the same client, types and errors as with a PostgreSQL server.
 *
 * Durability: commits survive the end of the process, also kill -9. They are not forced to the disk, so a power failure
 * may lose those of the last seconds.
 * @throws when another process has the directory open, or the directory holds no database of this version.
 */
export async function openPglite(given: PgliteOptions): Promise<EmbeddedDriver> {
  const options = { ...given, directory: resolve(given.directory) };
  const { directory, log } = options;
  const lock = lockDirectory(directory);
  try {
    const isNew = !existsSync(directory);
    if (isNew) log.info(`Creating the embedded database in ${directory}.`);
    const first = openThread(options, lock, isNew ? await initialImage() : undefined);
    await first.thread.ready;
    return new PgliteDriver(options, first, lock);
  } catch (error) {
    const unwritable = directoryIsUnwritable(existsSync(directory) ? directory : dirname(directory));
    lock.release();
    if (unwritable !== undefined) {
      throw new UnusableDatabaseError(unwritableMessage(`The embedded database in ${directory}`, unwritable), {
        cause: error,
      });
    }
    throw new Error(`The embedded database in ${directory} cannot be opened: ${innermostMessage(error)}. ${wayOut}`, {
      cause: error,
    });
  }
}

const wayOut =
  "If another version of PGlite made it, or you do not need what is in it, move the directory away and start again.";

const USER = "postgres";

/** No client signs in to PGlite, so it has no user to go back to. */
const clean = resetSession(USER);
/** The settings with which PGlite is initialised are the right ones. To make them anew costs a tenth of a transaction. */
const cleanWithSettings = `${clean}; ${makeSettings}`;

/** A thread and the pool of its connections. Both are replaced together. */
interface OpenThread {
  thread: PgliteThread;
  pool: pg.Pool;
}

function openThread(
  { directory, holdsProcess = true }: PgliteOptions,
  lock: DirectoryLock,
  image?: string,
): OpenThread {
  const thread = new PgliteThread({ directory, lock, image, holdsProcess });
  const pool = new pg.Pool({
    max: 2,
    user: USER,
    database: "postgres",
    password: "",
    ssl: false,
    idleTimeoutMillis: 0,
    allowExitOnIdle: !holdsProcess,
    pipeline: true,
    stream: () => new PortStream(() => thread.connect()) as never,
  });
  // An unhandled "error" event of an idle client would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return { thread, pool };
}

class PgliteDriver implements EmbeddedDriver {
  readonly dialect = "pg";
  readonly connections = 1;
  readonly overlaps = false;
  readonly runsInCall = false;
  readonly shared = false;
  readonly directory: string;
  readonly #turns = new Semaphore();
  readonly #options: PgliteOptions;
  readonly #lock: DirectoryLock;
  /** When its thread has stopped, the next `connect` replaces it. */
  #open: OpenThread;
  readonly #names = new WeakMap<pg.PoolClient, StatementNames>();
  #clients = 0;
  #schema;
  #closing: Promise<void> | undefined;

  constructor(options: PgliteOptions, open: OpenThread, lock: DirectoryLock) {
    this.#options = options;
    this.directory = options.directory;
    this.#open = open;
    this.#lock = lock;
    this.#schema = relationalSchema(options.schema, new ExactPgDialect());
  }

  get description(): string {
    return `PGlite in ${relative(process.cwd(), this.directory) || this.directory}`;
  }

  classify = classifyPostgres;

  useSchema(schema: Record<string, unknown>, casing?: Casing): void {
    this.#schema = relationalSchema(schema, new ExactPgDialect({ casing }));
  }

  openPort(): MessagePort | undefined {
    return this.#open.thread.connect();
  }

  async connect(): Promise<DatabaseConnection> {
    if (this.#closing) throw closed();
    const endTurn = await this.#turns.take(this.#options.connectTimeoutMs ?? 10_000, busy);
    try {
      const { thread, pool } = await this.#running();
      const client = await pool.connect();
      return new PgConnection(client, {
        schema: () => this.#schema,
        namedStatements: false,
        names: this.#namesOf(client, thread),
        isOnly: true,
        // The thread has one backend: a later transaction runs only after everything that was sent before it.
        outlivesClient: false,
        cleanSession: thread.hasMadeSettings ? cleanWithSettings : clean,
        ended: (how) => {
          if (how === "reuse") endTurn();
          else void this.#afterEnd(thread).finally(endTurn);
        },
      });
    } catch (error) {
      endTurn();
      throw lostBecause(error);
    }
  }

  /** All clients share one backend, and with it the names of statements. */
  #namesOf(client: pg.PoolClient, thread: PgliteThread): StatementNames {
    let names = this.#names.get(client);
    if (!names) {
      names = new StatementNames(`${OWN_NAMES}${++this.#clients}`);
      this.#names.set(client, names);
    }
    names.startGeneration(thread.discards);
    return names;
  }

  abort(): Promise<void> {
    return this.#open.thread.kill();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The thread, opened again if it has stopped. Its callers hold the semaphore, so at most one of them opens it. */
  async #running(): Promise<OpenThread> {
    if (this.#open.thread.stopped) {
      void this.#open.pool.end().catch(() => {});
      this.#options.log.warn("The embedded database has stopped and is opened again.");
      this.#open = openThread(this.#options, this.#lock);
    }
    await this.#open.thread.ready;
    return this.#open;
  }

  /**
   * A statement in PGlite cannot be cancelled, and its thread answers no message while it runs: then the thread is
   * ended.
   */
  async #afterEnd(thread: PgliteThread): Promise<void> {
    if (!(await thread.discard(this.#options.answerTimeoutMs ?? 500))) await thread.kill();
  }

  async #close(): Promise<void> {
    this.#turns.refuseAll(closed());
    const endTurn = await this.#turns.take(2_000, busy).catch(() => () => {});
    const { thread, pool } = this.#open;
    void pool.end().catch(() => {});
    await thread.close();
    this.#lock.release();
    endTurn();
  }
}

function closed(): ConnectionLostError {
  return new ConnectionLostError("The embedded database has been closed.");
}

function busy(): ConnectionLostError {
  return new ConnectionLostError("The embedded database was busy with other transactions for too long.");
}
