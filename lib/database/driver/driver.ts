/** Which SQL a database speaks. The framework's own statements in each dialect are in `internal-sql.ts`. */
export type Dialect = "pg" | "sqlite" | "mysql";

/** How columns without a name of their own are named in the database: drizzle-kit's option `casing`. */
export type Casing = "snake_case" | "camelCase";

/**
 * One statement and its values: `$1`, `$2` … stand for `params`, in every dialect (see `DatabaseConnection.execute`).
 */
export interface Statement {
  /** Its text. */
  readonly sql: string;
  /** The values of `$1`, `$2` …, in this order. */
  readonly params: readonly unknown[];
}

/**
 * The SQLSTATE of a deciding statement that fails on PostgreSQL (see `DatabaseConnection.commit`). Its class is unused
 * elsewhere.
 */
export const DECIDES_NOTHING = "CLX01";

/**
 * What a transaction is for. "read": one snapshot, in which every write is refused. "write": serializable. "define":
 * for statements of `internal-sql.ts` or drizzle-kit that change tables; a "write" that also prepares what such
 * statements need. A database that cannot roll back a change of tables (`definitionsRollBack` in `internal-sql.ts`)
 * keeps each statement of a "define" at once.
 */
export type TransactionMode = "read" | "write" | "define";

/**
 * A database as the engine needs it. Every driver passes the suite in `tests/support/databases/behaves-as-driver.ts`.
 *
 * The order is always connect → begin → commit or rollback → release. Where the database runs one transaction at a time
 * (PGlite), `connect` waits until it is free, so that no caller waits for it with a transaction open elsewhere. Where
 * it has many readers beside one writer (SQLite), `begin("write")` waits, and `begin("read")` never does.
 */
export interface Driver {
  /** The SQL that the database speaks. */
  readonly dialect: Dialect;
  /** How many transactions may be open at once, snapshots among them. With 1, each waits for the one before it. */
  readonly connections: number;
  /** Whether statements on two connections run at the same time. False in the calling thread, or with one backend. */
  readonly overlaps: boolean;
  /** Whether a statement has run when the call that sends it returns. Then no deadline could end it, and none is set. */
  readonly runsInCall: boolean;
  /** Whether other servers may use the database at the same time. Otherwise only this process uses it. */
  readonly shared: boolean;
  /** Its name in the terminal, without secrets: `PGlite in .convex/` or `PostgreSQL at db.example:5432/app`. */
  readonly description: string;
  /**
   * A random text that all servers of the database share and clients never see. Set by `createInternalTables`; undefined
   * before.
   */
  secret?: string;
  /** Waits for a free connection. @throws {ConnectionLostError} when none becomes free within the time allowed. */
  connect(): Promise<DatabaseConnection>;
  /**
   * Sets the schema (Drizzle tables and relations) from which `db` is built, from the next `begin` on.
   * @param casing How columns without a name of their own are named in the database. Default: as in the schema.
   */
  useSchema(schema: Record<string, unknown>, casing?: Casing): void;
  /** The kind of a failure, by the errors in its chain of causes. */
  classify(error: unknown): Failure;
  /** Closes every connection. Resolves when this process no longer holds the database. */
  close(): Promise<void>;
}

/**
 * `conflict`: the transaction lost against another one and may be run again. `connectionLost`: the connection was lost,
 * and with it what was not committed. `refusedWrite`: a write in a read-only transaction. `other`: the statement's
 * fault.
 */
export type Failure = "conflict" | "connectionLost" | "refusedWrite" | "other";

/** One connection, which holds one transaction at a time. */
export interface DatabaseConnection {
  /** The SQL that the database speaks. */
  readonly dialect: Dialect;
  /**
   * Opens a transaction. Its snapshot holds every commit that finished before the call. The snapshot of a "read" exists
   * when this resolves; with one connection, where nothing else of this process can commit before, when its first statement
   * has run. That of a "write" is taken by its first statement: the later a snapshot, the fewer conflicts.
   * @param lock A name that one transaction at a time holds, from now until the database has ended that transaction,
   * even if its connection is lost earlier. So a caller that takes the same lock cannot look up a mutation while its
   * COMMIT is still on the way, and conclude that it was not applied. Ignored in two cases: where COMMIT is sent only
   * after the deciding statement was answered, because the row that this statement changed is the lock; and where a
   * connection that has ended leaves nothing on the way.
   */
  begin(mode: TransactionMode, lock?: string): Promise<void>;
  /** The author's Drizzle database inside the open transaction. Unusable once the transaction has ended. */
  readonly db: unknown;
  /**
   * Whether another function in the open transaction would notice the statements before it: one has failed, has ended
   * the transaction or has changed a setting.
   */
  readonly isSpent: boolean;
  /**
   * Runs one of the framework's own statements inside the open transaction and returns its rows. `$1`, `$2` … stand for
   * `params` in every dialect; without `params` the text goes to the database as it is. A 64-bit integer may come as a
   * number, a bigint or a string.
   */
  execute(sql: string, params?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Runs a statement that writes. @returns how many rows it inserted, changed or deleted. */
  change(sql: string, params?: readonly unknown[]): Promise<number>;
  /**
   * Commits the transaction.
   * @param deciding A statement that has to change one row. It runs first, in the same round trip where the database
   * can. Where it changes no row, nothing is committed. On PostgreSQL it then fails with `DECIDES_NOTHING`.
   * @returns whether the transaction was committed. When not, it still has to be rolled back.
   * @throws with `classify(error) === "connectionLost"` when it is unknown whether the transaction was committed.
   */
  commit(deciding?: Statement): Promise<boolean>;
  /** Rolls back. Never rejects: when the connection is lost, the database rolls back by itself. */
  rollback(): Promise<void>;
  /** Gives the connection back for reuse, or closes it when it has failed. */
  release(): void;
  /**
   * Ends the connection at once, even while a statement runs; the database rolls back. For a deadline that has passed.
   */
  destroy(): void;
}

/** The connection to the database was lost, or none could be had. */
export class ConnectionLostError extends Error {
  override name = "ConnectionLostError";
}
