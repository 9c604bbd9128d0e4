import {
  ConnectionLostError,
  type DatabaseConnection,
  type Driver,
  type Failure,
  type Statement,
  type TransactionMode,
} from "../../lib/database/driver/driver.ts";
import { ConflictError, type MemoryDatabase, type Transaction } from "./memory-database.ts";
import type { Owner, SimulationClock } from "./simulation-clock.ts";

/** The chance of each fault, in [0, 1], for each statement or COMMIT. */
export interface DatabaseFaults {
  /** The connection is lost before the statement has an effect. */
  lost: number;
  /** The connection is lost during COMMIT. Most such commits go through, some of them only later. */
  lostAtCommit: number;
  /** COMMIT fails with a conflict for which there is no other transaction. */
  conflict: number;
  /** A statement takes a few milliseconds instead of none. */
  slow: number;
  /** A statement takes longer than a batch waits for a query. */
  verySlow: number;
}

/** `ctx.db` of the handlers in the simulation. */
export interface MemoryDb {
  get(key: string): Promise<unknown>;
  scan(prefix: string): Promise<unknown[]>;
  put(key: string, row: unknown): Promise<void>;
  transaction<T>(body: (db: MemoryDb) => Promise<T>): Promise<T>;
}

/** The driver of one server. When the server has died, none of its requests is answered any more. */
export class MemoryDriver implements Driver {
  readonly dialect = "pg";
  readonly connections: number;
  readonly overlaps = true;
  readonly runsInCall = false;
  readonly shared = false;
  readonly description = "memory";
  readonly secret = "the simulation's";
  readonly #database: MemoryDatabase;
  readonly #clock: SimulationClock;
  readonly #owner: Owner;
  readonly faults: DatabaseFaults;
  #turn: Promise<void> = Promise.resolve();

  constructor(
    database: MemoryDatabase,
    clock: SimulationClock,
    owner: Owner,
    faults: DatabaseFaults,
    connections: number,
  ) {
    this.#database = database;
    this.#clock = clock;
    this.#owner = owner;
    this.faults = faults;
    this.connections = connections;
  }

  async connect(): Promise<DatabaseConnection> {
    const release = this.connections > 1 ? () => {} : await this.#takeTurn();
    try {
      await this.pass();
    } catch (error) {
      release();
      throw error;
    }
    return new MemoryConnection(this, this.#database, this.#clock, release);
  }

  useSchema(): void {}

  classify(error: unknown): Failure {
    if (error instanceof ConflictError) return "conflict";
    if (error instanceof ConnectionLostError) return "connectionLost";
    return error instanceof Error && error.message.includes("read-only") ? "refusedWrite" : "other";
  }

  async close(): Promise<void> {}

  /** Resolves after the time of one statement; never if the server has died. */
  async pass(): Promise<void> {
    const { faults } = this;
    if (!this.#owner.isAlive) await new Promise<never>(() => {});
    const chance = this.#clock.chance();
    const isSlow = chance < faults.slow + faults.verySlow;
    if (isSlow) {
      const ms = chance < faults.verySlow ? 200 + this.#clock.pick(500) : 1 + this.#clock.pick(20);
      // Not the owner's timer: the database goes on when the server has died.
      await new Promise<void>((resolve) => this.#clock.after(ms, resolve));
      if (!this.#owner.isAlive) await new Promise<never>(() => {});
    }
    if (this.#clock.chance() < faults.lost) throw new ConnectionLostError("The connection broke.");
  }

  async #takeTurn(): Promise<() => void> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    return resolve;
  }
}

class MemoryConnection implements DatabaseConnection {
  readonly dialect = "pg";
  readonly isSpent = false;
  readonly #driver: MemoryDriver;
  readonly #database: MemoryDatabase;
  readonly #clock: SimulationClock;
  readonly #release: () => void;
  #transaction: Transaction | undefined;
  #isLost = false;
  #lock: string | undefined;

  constructor(driver: MemoryDriver, database: MemoryDatabase, clock: SimulationClock, release: () => void) {
    this.#driver = driver;
    this.#database = database;
    this.#clock = clock;
    this.#release = release;
  }

  async begin(mode: TransactionMode, lock?: string): Promise<void> {
    if (lock !== undefined) await this.#database.unlocked(lockName(lock));
    this.#lock = lock;
    const transaction = this.#database.begin(mode === "read" ? "read" : "write");
    const takesItEarly = this.#clock.chance() < 0.5;
    if (mode === "read" && takesItEarly) transaction.takeSnapshot();
    await this.#statement();
    this.#transaction = transaction;
    if (mode === "read") transaction.takeSnapshot();
  }

  get db(): MemoryDb {
    const db: MemoryDb = {
      get: (key) => this.#inside((transaction) => transaction.get(key)),
      scan: (prefix) => this.#inside((transaction) => transaction.scan(prefix)),
      put: (key, row) => this.#inside((transaction) => transaction.put(key, row)),
      transaction: async (body) => {
        const putBack = await this.#inside((transaction) => transaction.savepoint());
        try {
          return await body(db);
        } catch (error) {
          await this.#inside(putBack);
          throw error;
        }
      },
    };
    return db;
  }

  async execute(sql: string, params: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    await this.#statement();
    return select(this.#open, sql, params);
  }

  async change(sql: string, params: readonly unknown[] = []): Promise<number> {
    await this.#statement();
    return change(this.#open, sql, params);
  }

  async commit(deciding?: Statement): Promise<boolean> {
    const transaction = this.#open;
    const { faults } = this.#driver;
    await this.#statement();
    if (deciding && !(await decides(transaction, deciding))) return false;
    if (this.#clock.chance() < faults.conflict) {
      transaction.rollback();
      throw new ConflictError("Another transaction was faster.");
    }
    if (this.#clock.chance() < faults.lostAtCommit) this.#loseAtCommit(transaction);
    transaction.commit();
    this.#transaction = undefined;
    // The commit is done here; its answer takes the time of a statement to arrive.
    await this.#driver.pass().catch((error: unknown) => {
      this.#isLost = true;
      throw error;
    });
    return true;
  }

  async rollback(): Promise<void> {
    this.#transaction?.rollback();
    this.#transaction = undefined;
  }

  release(): void {
    this.#transaction?.rollback();
    this.#release();
  }

  destroy(): void {
    this.#isLost = true;
    this.#transaction?.rollback();
  }

  /** The COMMIT went through, it did not, it goes through while its outcome is unknown, or it has not even arrived. */
  #loseAtCommit(transaction: Transaction): never {
    const fate = this.#clock.oneOf(["through", "not", "later", "under way"]);
    this.#isLost = true;
    this.#transaction = undefined;
    if (fate === "through") transaction.commit();
    else if (fate === "not") transaction.rollback();
    else if (fate === "later") this.#clock.after(1 + this.#clock.pick(200), transaction.holdInDoubt());
    else
      this.#clock.after(
        1 + this.#clock.pick(2_000),
        transaction.stayUnderWay(this.#lock === undefined ? [] : [lockName(this.#lock)]),
      );
    throw new ConnectionLostError("The connection broke during COMMIT.");
  }

  async #inside<T>(work: (transaction: Transaction) => T): Promise<T> {
    await this.#statement();
    return work(this.#open);
  }

  get #open(): Transaction {
    if (!this.#transaction) throw new Error("No transaction is open.");
    return this.#transaction;
  }

  async #statement(): Promise<void> {
    if (this.#isLost) throw new ConnectionLostError("The connection is gone.");
    try {
      await this.#driver.pass();
    } catch (error) {
      this.#isLost = true;
      this.#transaction?.rollback();
      throw error;
    }
    if (this.#isLost) throw new ConnectionLostError("The connection is gone.");
  }
}

interface ClientRow {
  id: string;
  identity: string;
  last_decided: string;
  outcomes: string;
  touched: number;
}

/** The selects of `lib/engine/client-records/client-record.ts`; any other is refused, so that a new one is noticed. */
async function select(
  transaction: Transaction,
  sql: string,
  params: readonly unknown[],
): Promise<Record<string, unknown>[]> {
  const statement = inOneLine(sql);
  if (statement === "select 1") return [{}];
  if (/^select .* from convex_lite\.sessions where id = any\(\$1\)$/.test(statement)) {
    return (params[0] as string[]).flatMap((one) => {
      const row = transaction.get(`client/${one}`) as ClientRow | undefined;
      return row ? [{ ...row }] : [];
    });
  }
  if (/^select .* from convex_lite\.sessions where id = \$1( for update)?$/.test(statement)) {
    const key = `client/${params[0]}`;
    if (statement.endsWith("for update")) await transaction.lock(key);
    const row = transaction.get(key) as ClientRow | undefined;
    return row ? [{ ...row }] : [];
  }
  throw unknown(statement);
}

/** The function of `lib/database/internal/client-row.ts`: a client's row becomes that of mutation `n`, if that is its next. */
async function decides(transaction: Transaction, { sql, params }: Statement): Promise<boolean> {
  const statement = inOneLine(sql);
  if (!/^select convex_lite\.advance_session\(/.test(statement)) throw unknown(statement);
  const [id, identity, n, outcomes, touched] = params as [string, string, number, string, number];
  const key = `client/${id}`;
  await transaction.lockForInsert(key);
  const row = transaction.get(key) as ClientRow | undefined;
  const isNext = row ? row.identity === identity && Number(row.last_decided) === n - 1 : n === 1;
  if (isNext) transaction.put(key, { id, identity, last_decided: String(n), outcomes, touched } satisfies ClientRow);
  return isNext;
}

/** Its writes: how many rows each changes. */
async function change(transaction: Transaction, sql: string, params: readonly unknown[]): Promise<number> {
  const statement = inOneLine(sql);
  const [id, identity, n, outcomes, touched] = params as [string, string, number, string, number];
  const key = `client/${id}`;
  if (/^insert into convex_lite\.sessions .* on conflict \("id"\) do nothing$/.test(statement)) {
    await transaction.lockForInsert(key);
    if (transaction.get(key) !== undefined) return 0;
    transaction.put(key, { id, identity, last_decided: String(n), outcomes, touched } satisfies ClientRow);
    return 1;
  }
  if (statement === "delete from convex_lite.sessions where touched < $1") return 0;
  if (statement === "delete from convex_lite.sessions where id = any($1)") {
    for (const one of params[0] as string[]) transaction.put(`client/${one}`, undefined);
    return (params[0] as string[]).length;
  }
  throw unknown(statement);
}

function lockName(lock: string): string {
  return `lock/${lock}`;
}

function inOneLine(sql: string): string {
  return sql.replaceAll(/\s+/g, " ").trim();
}

function unknown(statement: string): Error {
  return new Error(`The database of the simulation does not know this statement: ${statement}`);
}
