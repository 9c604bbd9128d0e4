import {
  type Casing,
  ConnectionLostError,
  type DatabaseConnection,
  type Driver,
  type Failure,
} from "../database/driver/driver.ts";
import { dialectOf } from "../database/driver/schema-dialect.ts";
import { openTemporaryDatabase } from "../database/temporary-database.ts";
import { runDefinitions, tableDefinitions } from "../schema/create-tables.ts";
import { definitionsIn, emptyDatabase } from "./empty-database.ts";

/**
 * Opens an empty database with the tables of a schema, for one world. An embedded PostgreSQL takes a second to open, so
 * one that an earlier world has given back is lent again. SQLite opens in milliseconds, and is a new one each time.
 * @returns the database. Closing it gives it back.
 * @throws when the tables cannot be made, and for a dialect without an embedded database.
 */
export async function borrowDatabase(schema: Record<string, unknown>): Promise<Driver> {
  const dialect = dialectOf(schema);
  if (dialect !== "pg") return openNew(schema);
  const tables = JSON.stringify(await tableDefinitions(dialect, schema));
  const idle = idleDatabases();
  const place = idle.findLastIndex((each) => each.tables === tables);
  const [kept] = place < 0 ? [] : idle.splice(place, 1);
  if (kept) return new BorrowedDatabase(kept);
  const driver = await openNew(schema);
  return new BorrowedDatabase({ driver, tables, definitions: await definitionsIn(driver) });
}

async function openNew(schema: Record<string, unknown>): Promise<Driver> {
  const driver = await openTemporaryDatabase({ schema, holdsProcess: false });
  try {
    await runDefinitions(driver, await tableDefinitions(driver.dialect, schema));
    return driver;
  } catch (error) {
    await driver.close();
    throw error;
  }
}

/** An open PostgreSQL that worlds use one after the other. */
interface KeptDatabase {
  readonly driver: Driver;
  /** The statements by which its tables were made. */
  readonly tables: string;
  /** What is defined in it when it is lent. */
  definitions: string;
}

const idleKey = Symbol.for("convex-lite.testing.idleDatabases");

/**
 * The empty databases that no world has, of this process. They are not in a module, because a test runner may evaluate
 * modules again for each file.
 */
function idleDatabases(): KeptDatabase[] {
  const process = globalThis as { [idleKey]?: KeptDatabase[] };
  process[idleKey] ??= [];
  return process[idleKey];
}

/** How many are kept open for the next world. Each takes about 100 MB. */
const MOST_IDLE = 2;

/** How long what a world has left running may keep its database, in milliseconds. */
const MOST_WAIT_MS = 5_000;

async function giveBack(kept: KeptDatabase): Promise<void> {
  if (!(await isEmptied(kept))) return kept.driver.close();
  const idle = idleDatabases();
  idle.push(kept);
  if (idle.length > MOST_IDLE) await idle.shift()?.driver.close();
}

/** @returns false when the world has changed definitions, or a transaction of it does not end: no other may have it. */
async function isEmptied(kept: KeptDatabase): Promise<boolean> {
  try {
    if ((await definitionsAfterWorld(kept)) !== kept.definitions) return false;
    await emptyDatabase(kept.driver);
    kept.definitions = await definitionsIn(kept.driver);
    return true;
  } catch {
    return false;
  }
}

/** PGlite runs one transaction at a time, so this one waits for those of the world. */
function definitionsAfterWorld({ driver }: KeptDatabase): Promise<string | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), MOST_WAIT_MS);
  return Promise.race([definitionsIn(driver), late]).finally(() => clearTimeout(timer));
}

/** A database as one world has it. What the world leaves behind cannot connect to it once it has been given back. */
class BorrowedDatabase implements Driver {
  readonly #kept: KeptDatabase;
  #givenBack: Promise<void> | undefined;

  constructor(kept: KeptDatabase) {
    this.#kept = kept;
  }

  get dialect(): Driver["dialect"] {
    return this.#driver.dialect;
  }

  get connections(): number {
    return this.#driver.connections;
  }

  get overlaps(): boolean {
    return this.#driver.overlaps;
  }

  get runsInCall(): boolean {
    return this.#driver.runsInCall;
  }

  get shared(): boolean {
    return this.#driver.shared;
  }

  get description(): string {
    return this.#driver.description;
  }

  get secret(): string {
    return this.#driver.secret ?? "";
  }

  async connect(): Promise<DatabaseConnection> {
    if (this.#givenBack) throw new ConnectionLostError("The world that used this database has ended.");
    return this.#driver.connect();
  }

  useSchema(schema: Record<string, unknown>, casing?: Casing): void {
    this.#driver.useSchema(schema, casing);
  }

  classify(error: unknown): Failure {
    return this.#driver.classify(error);
  }

  close(): Promise<void> {
    this.#givenBack ??= giveBack(this.#kept);
    return this.#givenBack;
  }

  get #driver(): Driver {
    return this.#kept.driver;
  }
}
