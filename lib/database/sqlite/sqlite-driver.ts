import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { Log } from "../../environment/environment.ts";
import { innermostMessage, UnusableDatabaseError } from "../driver/database-errors.ts";
import { type DirectoryLock, lockDirectory } from "../driver/directory-lock.ts";
import { type Casing, ConnectionLostError, type DatabaseConnection, type Driver } from "../driver/driver.ts";
import { relationalSchema } from "../driver/relational-schema.ts";
import { Semaphore } from "../driver/semaphore.ts";
import { directoryIsUnwritable, unwritableMessage } from "../driver/unwritable.ts";
import { ExactSqliteDialect } from "./exact-dialect.ts";
import { type LentFile, SqliteConnection } from "./sqlite-connection.ts";
import { classifySqlite, isBusy } from "./sqlite-errors.ts";
import { SqliteFile } from "./sqlite-file.ts";

export interface SqliteOptions {
  /** The file. Created when absent; its directory must exist. */
  file: string;
  schema: Record<string, unknown>;
  log: Log;
  /**
   * Milliseconds that `begin("write")` waits for this process's writers, and then again for other processes. Default
   * 10,000.
   */
  connectTimeoutMs?: number;
  /** Opens the file without its lock: for a tool that runs while a server has the file open. */
  besideServer?: boolean;
}

/**
 * Opens a SQLite file. One handle writes, one transaction at a time. Other handles read, each in a snapshot of its own
 * (write-ahead log). Readers and the writer do not wait for each other.
 *
 * Statements run in the calling thread, and block the process while they run. Measured on 2 shared cores: 50 rows by an
 * index take 35 µs here and 146 µs through a worker; a transaction of four statements takes 20 µs and 280 µs. Messages
 * to the worker alone cost the calling thread more CPU (115 µs against 27 µs) than running the statements itself.
 *
 * Durability: commits survive the end of the process, also kill -9. The log is forced to the disk at checkpoints
 * (`synchronous = normal`), so a power failure may lose the last commits, and nothing else.
 *
 * Other processes may read and write the file (drizzle-kit does), but only one server may have it open: writes of one
 * server would not invalidate live queries of another.
 * @throws when another server has the file open, or the file is not a database.
 */
export async function openSqlite(given: SqliteOptions): Promise<Driver> {
  const named = resolve(given.file);
  // The lock is beside the file itself, so a symbolic link leads to the same lock.
  const file = existsSync(named) ? realpathSync(named) : named;
  const options = { ...given, file };
  if (!existsSync(dirname(file))) {
    throw new UnusableDatabaseError(
      `The SQLite file ${file} cannot be opened: there is no directory ${dirname(file)}. Create it, or correct DATABASE_URL.`,
    );
  }
  const unfit = existsSync(file) ? reasonNotToOpen(file) : undefined;
  if (unfit !== undefined) throw new UnusableDatabaseError(`The SQLite file ${file} cannot be opened: ${unfit}`);
  const lock = given.besideServer ? undefined : lockDirectory(file, "set DATABASE_URL to another file");
  try {
    return new SqliteDriver(options, openWriter(file), lock);
  } catch (error) {
    lock?.release();
    const unwritable = directoryIsUnwritable(dirname(file));
    if (unwritable !== undefined) {
      throw new UnusableDatabaseError(unwritableMessage(`The SQLite file ${file}`, unwritable), { cause: error });
    }
    throw new UnusableDatabaseError(
      `The SQLite file ${file} cannot be opened: ${innermostMessage(error)}. Is it a database, and may this user write it?`,
      { cause: error },
    );
  }
}

const HEADER = "SQLite format 3\0";

/** Why a file cannot be a database; undefined when it can. Checked before locking, which leaves files beside it. */
function reasonNotToOpen(file: string): string | undefined {
  if (statSync(file).isDirectory()) return "it is a directory. Name a file in DATABASE_URL.";
  const start = Buffer.alloc(HEADER.length);
  try {
    const opened = openSync(file, "r");
    const length = readSync(opened, start);
    closeSync(opened);
    if (length === 0 || start.toString("latin1") === HEADER) return undefined;
    return "file is not a database. Name another file in DATABASE_URL.";
  } catch {
    return "this user may not read it.";
  }
}

/** Milliseconds for which opening may block the process while another process holds a lock. */
const OPENING_WAIT = 1_000;
/** Milliseconds between tries to begin a transaction while another process writes. */
const BETWEEN_TRIES = 10;
/** The most idle handles that read and are kept open, and the most such handles at a time. */
const KEPT_READERS = 4;
const MOST_READERS = 64;

function openWriter(path: string): SqliteFile {
  const file = new SqliteFile(path, { readonly: false, wait: OPENING_WAIT });
  // From here on SQLite must not wait for a lock itself, which would block the process: see `#beginWriting`.
  const settings =
    "pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on; pragma busy_timeout = 0; pragma wal_autocheckpoint = 4000";
  try {
    file.script(settings);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

class SqliteDriver implements Driver {
  readonly dialect = "sqlite";
  readonly connections = MOST_READERS;
  readonly overlaps = false;
  readonly runsInCall = true;
  readonly shared = false;
  readonly #options: SqliteOptions;
  readonly #lock: DirectoryLock | undefined;
  /** Undefined from when a transaction has left something in it until the next one writes. */
  #writer: SqliteFile | undefined;
  readonly #turns = new Semaphore();
  readonly #idle: SqliteFile[] = [];
  #reading = 0;
  #schema;
  #closing: Promise<void> | undefined;

  constructor(options: SqliteOptions, writer: SqliteFile, lock: DirectoryLock | undefined) {
    this.#options = options;
    this.#writer = writer;
    this.#lock = lock;
    this.#schema = relationalSchema(options.schema, new ExactSqliteDialect());
  }

  get description(): string {
    return `SQLite in ${relative(process.cwd(), this.#options.file) || this.#options.file}`;
  }

  classify = classifySqlite;

  useSchema(schema: Record<string, unknown>, casing?: Casing): void {
    this.#schema = relationalSchema(schema, new ExactSqliteDialect({ casing }));
  }

  /** Takes no handle yet: only `begin` says whether the transaction reads or writes. */
  async connect(): Promise<DatabaseConnection> {
    if (this.#closing) throw closed();
    return new SqliteConnection({
      schema: () => this.#schema,
      reader: () => this.#lendReader(),
      writer: () => this.#lendWriter(),
      beginWriting: (file) => this.#beginWriting(file),
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #lendReader(): LentFile {
    if (this.#closing) throw closed();
    if (this.#reading >= MOST_READERS)
      throw new ConnectionLostError(`${MOST_READERS} queries already run at the same time, which is the most.`);
    const file = this.#idle.pop() ?? new SqliteFile(this.#options.file, { readonly: true, wait: OPENING_WAIT });
    this.#reading++;
    const giveBack = (reusable: boolean): void => {
      this.#reading--;
      if (!reusable || this.#closing || this.#idle.length >= KEPT_READERS) file.close();
      else this.#idle.push(file);
    };
    return { file, giveBack };
  }

  async #lendWriter(): Promise<LentFile> {
    if (this.#closing) throw closed();
    const endTurn = await this.#turns.take(this.#options.connectTimeoutMs ?? 10_000, () => late("this server"));
    try {
      this.#writer ??= openWriter(this.#options.file);
    } catch (error) {
      endTurn();
      throw error;
    }
    const file = this.#writer;
    const giveBack = (reusable: boolean): void => {
      if (!reusable) this.#writer = undefined;
      if (!reusable) file.close();
      endTurn();
    };
    return { file, giveBack };
  }

  /** Waits while another process, such as drizzle-kit, writes. SQLite's own wait would block this process. */
  async #beginWriting(file: SqliteFile): Promise<void> {
    const giveUp = performance.now() + (this.#options.connectTimeoutMs ?? 10_000);
    for (;;) {
      try {
        file.change("begin immediate");
        return;
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (performance.now() > giveUp) throw late("another process");
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES));
      }
    }
  }

  async #close(): Promise<void> {
    this.#turns.refuseAll(closed());
    const endTurn = await this.#turns.take(2_000, () => late("this server")).catch(() => () => {});
    for (const file of this.#idle.splice(0)) file.close();
    this.#writer?.close();
    this.#lock?.release();
    endTurn();
  }
}

function closed(): ConnectionLostError {
  return new ConnectionLostError("The SQLite file has been closed.");
}

function late(who: string): ConnectionLostError {
  return new ConnectionLostError(`The SQLite file was busy for too long: ${who} has been writing to it.`);
}
