import type { DatabaseConnection, Driver, Statement } from "../../database/driver/driver.ts";
import type { Environment } from "../../environment/environment.ts";
import type { Invalidation } from "../../invalidation/invalidation.ts";
import { UnavailableError } from "../run/failures.ts";
import type { EngineLimits } from "../run/limits.ts";
import { SnapshotLock } from "./snapshot-lock.ts";
import { withStatementTimeout } from "./statement-timeout.ts";

/** What to do with what a commit announced, at once: mark stale, remember who waits for it. Must not throw. */
export type Announce = (revision: number, invalidations: readonly Invalidation[], by: string | undefined) => void;

/** An open read transaction. */
export interface Snapshot {
  readonly connection: DatabaseConnection;
  /** Ends it and gives its connection back. Never rejects. */
  close(): Promise<void>;
}

/** One write transaction's body, and how to find out what became of it. */
export interface Write<T> {
  /** The path of the mutation. */
  readonly by: string;
  /** Runs inside the transaction, again after each conflict. `deciding`: what to commit it with. */
  body(
    connection: DatabaseConnection,
  ): Promise<{ value: T; invalidations: readonly Invalidation[]; deciding: Statement }>;
  /** Held while it runs (see `Connection.begin`), and while `wentThrough` is asked. */
  readonly lock: string;
  /** After a COMMIT that nobody answered: did it go through? Asked in a new transaction, when that one has ended. */
  wentThrough(connection: DatabaseConnection): Promise<boolean>;
  /** Called with the commit's revision, in the same step in which the commit becomes known. */
  committed(value: T, revision: number): void;
}

/** After so many lost tries a transaction waits for others that lost as well. */
const FREE_RETRIES = 2;
/** A transaction is given up when it has lost its connection so often after it had begun. */
const MOST_LOSSES = 5;

/**
 * The only place that opens transactions, and the clock of commits: `revision` counts those of this process that are known
 * to have gone through. A read's revision is exact: its snapshot holds those commits and no other of this process.
 */
export class Transactions {
  #revision = 0;
  readonly #lock = new SnapshotLock();
  readonly #driver: Driver;
  readonly #environment: Environment;
  readonly #announce: Announce;
  readonly #limits: EngineLimits;
  #closed = false;
  /** When the log was last told that the database cannot be reached. */
  #warnedAt = Number.NEGATIVE_INFINITY;
  /** Commits whose outcome somebody finds out at the moment, and what waits for that. */
  #inDoubt = 0;
  #decided = Promise.withResolvers<void>();
  /** Resolves when the last one that entered the lane of those who retry has left it. */
  #lastInLane: Promise<void> = Promise.resolve();

  constructor(driver: Driver, environment: Environment, limits: EngineLimits, announce: Announce) {
    this.#driver = driver;
    this.#environment = environment;
    this.#limits = limits;
    this.#announce = announce;
  }

  /** The revision of the last commit. */
  get revision(): number {
    return this.#revision;
  }

  /** Stops waiting for outcomes of commits that nobody knows. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Opens so many read snapshots of one revision. `begun` is called with it, in the very step in which it is known.
   * Connections come before the lock: whoever waits for one must not keep commits waiting.
   */
  openSnapshots(count: number, begun: (revision: number) => void): Promise<Snapshot[]> {
    return this.#outsideDoubt(() => this.#tryOpenSnapshots(count, begun));
  }

  async #tryOpenSnapshots(count: number, begun: (revision: number) => void): Promise<Snapshot[]> {
    const connections = await allOrNone(count, () => this.#driver.connect());
    try {
      await this.#lock.hold("snapshot", async () => {
        await Promise.all(connections.map((connection) => this.#inTime(connection, connection.begin("read"))));
        begun(this.#revision);
      });
    } catch (error) {
      await Promise.all(connections.map((connection) => this.#end(connection)));
      throw error;
    }
    return connections.map((connection) => ({ connection, close: () => this.#end(connection) }));
  }

  /**
   * Runs one write transaction to its end, again when it lost a conflict, or its connection before the COMMIT.
   * @throws {AlreadyDecidedError}
   */
  write<T>(write: Write<T>): Promise<T> {
    return this.#retrying((begun) => this.#tryWrite(write, begun));
  }

  /**
   * Runs a transaction on the framework's own tables, which no query reads: it has no revision. It may run again after
   * its COMMIT went through unnoticed, so `body` must not mind.
   * @param deciding What to commit it with. @throws {AlreadyDecidedError}
   */
  internalTransaction<T>(
    body: (connection: DatabaseConnection) => Promise<T>,
    deciding?: (connection: DatabaseConnection) => Statement,
  ): Promise<T> {
    return this.#retrying(async (begun) => {
      const connection = await this.#driver.connect();
      try {
        await this.#inTime(connection, connection.begin("write"));
        begun();
        const result = await this.#inTime(connection, body(connection));
        await this.#commit(connection, deciding?.(connection));
        connection.release();
        return result;
      } catch (error) {
        await this.#end(connection);
        throw error;
      }
    });
  }

  /** Announces something that no transaction of ours committed (an action did it). */
  announceNow(invalidations: readonly Invalidation[]): Promise<void> {
    return this.#outsideDoubt(() =>
      this.#lock.hold("commit", async () => this.#announce(++this.#revision, invalidations, undefined)),
    );
  }

  /**
   * Tries again after a pause: so often after a conflict, and for so long without a connection, as a database that is
   * started anew takes a while. A transaction that keeps losing its connection once it has begun may be what breaks it,
   * and is given up sooner. Transactions that keep losing against each other then go one at a time, so that with every
   * try one of them wins.
   * @param attempt Calls `begun` when its transaction has.
   */
  async #retrying<T>(attempt: (begun: () => void) => Promise<T>): Promise<T> {
    const { conflictRetries, databaseTimeoutMs } = this.#limits;
    let leaveLane: (() => void) | undefined;
    let away: number | undefined;
    try {
      for (let conflicts = 0, losses = 0, pauses = 0; ; ) {
        let hasBegun = false;
        try {
          return await this.#outsideDoubt(() =>
            attempt(() => {
              hasBegun = true;
            }),
          );
        } catch (error) {
          const failure = this.#driver.classify(error);
          if (failure === "conflict") {
            if (++conflicts > conflictRetries || this.#closed) throw keptLosing(conflicts);
            away = undefined;
            await this.#pause(this.#environment.random() * Math.min(100, 2 ** conflicts));
            if (conflicts >= FREE_RETRIES) leaveLane ??= await this.#enterLane();
          } else if (failure === "connectionLost") {
            if (hasBegun) away = undefined;
            else away ??= this.#environment.now();
            const isAwayTooLong = away !== undefined && this.#environment.now() - away >= databaseTimeoutMs;
            if ((hasBegun && ++losses >= MOST_LOSSES) || isAwayTooLong || this.#closed) throw this.#unreachable(error);
            await this.#pause(this.#environment.random() * Math.min(500, 2 ** ++pauses));
          } else {
            throw error;
          }
        }
      }
    } finally {
      leaveLane?.();
    }
  }

  /** Why is for the log: what a caller is told says nothing of the database. */
  #unreachable(error: unknown): UnavailableError {
    const { log } = this.#environment;
    const now = this.#environment.now();
    if (now - this.#warnedAt >= 1_000) log.warn("Mutations fail: the database cannot be reached", { error });
    this.#warnedAt = Math.max(this.#warnedAt, now);
    return new UnavailableError("The database cannot be reached. Nothing was written; try again.");
  }

  /**
   * Begins no attempt while a commit is in doubt, and begins again whenever one gave way to that. Whoever waits at the
   * gate with a connection may hold the very one that finding out needs: a database that lends one at a time, or a pool
   * that has lent all, would never answer.
   */
  async #outsideDoubt<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      while (this.#inDoubt > 0) await this.#decided.promise;
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof GaveWayError)) throw error;
      }
    }
  }

  /** Resolves when everybody who came before has left, with what to call on leaving. */
  async #enterLane(): Promise<() => void> {
    const before = this.#lastInLane;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastInLane = promise;
    await before;
    return resolve;
  }

  async #tryWrite<T>(write: Write<T>, begun: () => void): Promise<T> {
    const connection = await this.#driver.connect();
    let isLent = true;
    try {
      await this.#inTime(connection, connection.begin("write", write.lock));
      begun();
      const { value, invalidations, deciding } = await write.body(connection);
      await this.#lock.hold("commit", async () => {
        try {
          await this.#commit(connection, deciding);
        } catch (error) {
          if (this.#driver.classify(error) !== "connectionLost") throw error;
          isLent = false;
          connection.release();
          if (!(await this.#findOut(write))) throw error;
        }
        // One step: the revision, what it made stale, and who waits for it.
        this.#announce(++this.#revision, invalidations, write.by);
        write.committed(value, this.#revision);
      });
      if (isLent) connection.release();
      return value;
    } catch (error) {
      if (isLent) await this.#end(connection);
      throw error;
    }
  }

  /** Until it is known nobody may take a snapshot, as nobody could say what is in it: those who wait for that give way. */
  async #findOut<T>(write: Write<T>): Promise<boolean> {
    if (this.#inDoubt++ === 0) this.#decided = Promise.withResolvers();
    this.#lock.refuse(new GaveWayError());
    try {
      return await this.#askUntilAnswered(write);
    } finally {
      if (--this.#inDoubt === 0) {
        this.#lock.reopen();
        this.#decided.resolve();
      }
    }
  }

  async #askUntilAnswered<T>(write: Write<T>): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#ask(write);
      } catch (error) {
        if (this.#closed) throw new UnavailableError(OUTCOME_UNKNOWN);
        this.#environment.log.warn("The outcome of a commit is not known yet: the database does not answer", { error });
        await this.#pause(Math.min(2_000, 50 * 2 ** attempt));
      }
    }
  }

  async #ask<T>(write: Write<T>): Promise<boolean> {
    const connection = await this.#driver.connect();
    try {
      await this.#inTime(connection, connection.begin("write", write.lock));
      return await this.#inTime(connection, write.wentThrough(connection));
    } finally {
      await this.#end(connection);
    }
  }

  async #commit(connection: DatabaseConnection, deciding: Statement | undefined): Promise<void> {
    if (!(await this.#inTime(connection, connection.commit(deciding)))) throw new AlreadyDecidedError();
  }

  #inTime<T>(connection: DatabaseConnection, asked: Promise<T>): Promise<T> {
    return withStatementTimeout(this.#environment, this.#limits.databaseTimeoutMs, connection, asked);
  }

  /** Rolls back what is open, and gives the connection back. Never rejects, and never takes long. */
  async #end(connection: DatabaseConnection): Promise<void> {
    await this.#inTime(connection, connection.rollback()).catch(() => {});
    connection.release();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#environment.after(ms, resolve));
  }
}

/** Somebody else has decided what the transaction was to decide. Nothing of it was kept. */
export class AlreadyDecidedError extends Error {
  override name = "AlreadyDecidedError";
}

/** Another commit is in doubt: this transaction has written nothing, and begins again when that is decided. */
class GaveWayError extends Error {
  override name = "GaveWayError";
}

const OUTCOME_UNKNOWN = "Outcome unknown: the server stopped before the database had said whether it was committed.";

function keptLosing(tries: number): UnavailableError {
  return new UnavailableError(
    `Others kept changing the same rows: gave up after ${tries} tries. Nothing was written; try again.`,
  );
}

/** All of them, or none is kept. */
async function allOrNone(count: number, connect: () => Promise<DatabaseConnection>): Promise<DatabaseConnection[]> {
  if (count === 1) return [await connect()];
  const results = await Promise.allSettled(Array.from({ length: count }, connect));
  const connections = results.filter((result) => result.status === "fulfilled").map((result) => result.value);
  const failed = results.find((result) => result.status === "rejected");
  if (!failed) return connections;
  for (const connection of connections) connection.release();
  throw failed.reason;
}
