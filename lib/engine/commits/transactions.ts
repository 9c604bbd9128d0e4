import type { DatabaseConnection, Driver, Statement } from "../../database/driver/driver.ts";
import type { Environment } from "../../environment/environment.ts";
import type { Invalidation } from "../../invalidation/invalidation.ts";
import type { EngineLimits } from "../run/limits.ts";
import { InDoubtCommits } from "./in-doubt-commits.ts";
import { Retries } from "./retries.ts";
import { SnapshotLock } from "./snapshot-lock.ts";
import { withStatementTimeout } from "./statement-timeout.ts";
import { Writability } from "./writability.ts";

/** Takes what a commit invalidates, in the step of the commit: marks live queries stale. Must not throw. */
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
  /** After a COMMIT that the database has not answered: did it go through? Asked in a new transaction, when that one has ended. */
  wentThrough(connection: DatabaseConnection): Promise<boolean>;
  /** Called with the commit's revision, in the same step in which the commit becomes known. */
  committed(value: T, revision: number): void;
}

/**
 * The only place that opens transactions, and the clock of commits: `revision` counts those of this process that are known
 * to have gone through. A read's revision is exact: its snapshot holds those commits and no other of this process.
 */
export class Transactions {
  #revision = 0;
  readonly #lock = new SnapshotLock();
  readonly #inDoubt: InDoubtCommits;
  readonly #retries: Retries;
  readonly #driver: Driver;
  readonly #environment: Environment;
  readonly #announce: Announce;
  readonly #limits: EngineLimits;
  /** Learnt from mutations alone: the framework's own rows are small, and may still fit on a full disk. */
  readonly writability: Writability;

  constructor(driver: Driver, environment: Environment, limits: EngineLimits, announce: Announce) {
    this.#driver = driver;
    this.#environment = environment;
    this.#limits = limits;
    this.#announce = announce;
    this.writability = new Writability(environment.log);
    this.#inDoubt = new InDoubtCommits(this.#lock, environment);
    this.#retries = new Retries(driver, environment, limits);
  }

  /** The revision of the last commit. */
  get revision(): number {
    return this.#revision;
  }

  /** Stops waiting for outcomes of commits that are not known, and for the database. */
  close(): void {
    this.#inDoubt.close();
    this.#retries.close();
  }

  /**
   * Opens so many read snapshots of one revision. `begun` is called with it, in the very step in which it is known.
   * Connections come before the lock: waiting for one must not keep commits waiting.
   */
  openSnapshots(count: number, begun: (revision: number) => void): Promise<Snapshot[]> {
    return this.#inDoubt.outside(() => this.#tryOpenSnapshots(count, begun));
  }

  /**
   * Runs `body` in a snapshot of its own, which holds every commit that is known at the call; again when the connection is
   * lost before `body` has had an answer.
   */
  async read<T>(body: (connection: DatabaseConnection) => Promise<T>, tries = 2): Promise<T> {
    try {
      const snapshots = await this.openSnapshots(1, () => {});
      try {
        return await body((snapshots[0] as Snapshot).connection);
      } finally {
        await Promise.all(snapshots.map((snapshot) => snapshot.close()));
      }
    } catch (error) {
      if (tries <= 1 || this.#driver.classify(error) !== "connectionLost") throw error;
      return this.read(body, tries - 1);
    }
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
    return this.writability.observe(this.#retrying((begun) => this.#tryWrite(write, begun), write.by));
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
    return this.#inDoubt.outside(() =>
      this.#lock.hold("commit", async () => this.#announce(++this.#revision, invalidations, undefined)),
    );
  }

  #retrying<T>(attempt: (begun: () => void) => Promise<T>, path?: string): Promise<T> {
    return this.#retries.run((begun) => this.#inDoubt.outside(() => attempt(begun)), path);
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
          if (!(await this.#inDoubt.findOut(() => this.#ask(write)))) throw error;
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
    if (this.#driver.runsInCall) return asked;
    return withStatementTimeout(this.#environment, this.#limits.databaseTimeoutMs, connection, asked);
  }

  /** Rolls back what is open, and gives the connection back. Never rejects, and never takes long. */
  async #end(connection: DatabaseConnection): Promise<void> {
    await this.#inTime(connection, connection.rollback()).catch(() => {});
    connection.release();
  }
}

/** Another transaction has decided what this one was to decide. Nothing of it was kept. */
export class AlreadyDecidedError extends Error {
  override name = "AlreadyDecidedError";
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
