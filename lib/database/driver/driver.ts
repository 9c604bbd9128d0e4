/** Which SQL a database speaks. What the framework itself says in each is in `dialects.ts`. */
export type Dialect = "pg" | "sqlite" | "mysql";

/** One statement and its values: `$1`, `$2` … stand for `params`, in every dialect (see `Connection.execute`). */
export interface Statement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** The SQLSTATE with which a deciding statement fails on PostgreSQL (see `DatabaseConnection.commit`): a class nobody else uses. */
export const DECIDES_NOTHING = "CLX01";

/**
 * What a transaction is for. "read": one snapshot in which every write is refused. "write": serializable. "define": to
 * change tables, by statements that `dialects.ts` or drizzle-kit wrote; a "write" that cares for what such statements
 * need. A database that cannot roll back a change of tables (`definitionsRollBack` in `dialects.ts`) keeps each at once.
 */
export type TransactionMode = "read" | "write" | "define";

/**
 * A database as the engine needs it. Every driver passes the suite in `tests/support/databases/behaves-as-driver.ts`.
 *
 * The order is always connect → begin → commit or rollback → release. A driver whose database runs one transaction at
 * a time (PGlite) makes `connect` wait for its turn, so that nobody waits for the database with a transaction open
 * elsewhere. One that has many readers beside one writer (SQLite) makes `begin("write")` wait, and never `begin("read")`.
 */
export interface Driver {
  readonly dialect: Dialect;
  /** How many transactions stand beside each other at most, snapshots among them. With 1 each waits for the one before it. */
  readonly connections: number;
  /** Do statements on two connections run at the same time? Not in the calling thread, nor in one backend. */
  readonly overlaps: boolean;
  /** May other servers use the database at the same time? Otherwise it is this process's alone. */
  readonly shared: boolean;
  /** What to call it in the terminal, without secrets: `PGlite in .convex/` or `PostgreSQL at db.example:5432/app`. */
  readonly description: string;
  /** Waits for a free connection. @throws {ConnectionLostError} when there is none within the time allowed. */
  connect(): Promise<DatabaseConnection>;
  /** From the next `begin` on, `db` is built from this schema (Drizzle tables and relations). */
  useSchema(schema: Record<string, unknown>): void;
  /** What kind of failure is this? */
  classify(error: unknown): Failure;
  close(): Promise<void>;
}

/**
 * `conflict`: the transaction lost against another and may be run again. `connectionLost`: the connection is gone, and
 * with it what was not committed. `refusedWrite`: a write in a read-only transaction. `other`: the statement's own fault.
 */
export type Failure = "conflict" | "connectionLost" | "refusedWrite" | "other";

/** One connection, used for one transaction. */
export interface DatabaseConnection {
  readonly dialect: Dialect;
  /**
   * Opens a transaction. A commit that finished before the call is in its snapshot. That of "read" exists when this
   * resolves; that of "write" is taken by its first statement, for the later it is, the fewer conflicts.
   * @param lock A name that one transaction holds at a time, from now until it has ended at the database, whatever has
   * become of its connection: so that nobody finds undone what a COMMIT that is still on its way will do. Ignored where
   * COMMIT is not sent before what decides has been answered, as the row that it changed is such a lock, and where
   * nothing is on its way any more when a connection has ended.
   */
  begin(mode: TransactionMode, lock?: string): Promise<void>;
  /** The author's Drizzle database inside the open transaction. Unusable once the transaction has ended. */
  readonly db: unknown;
  /**
   * Runs one of the framework's own statements inside the open transaction and answers its rows. `$1`, `$2` … stand for
   * `params`, whatever the dialect; without `params` the text goes to the database as it is. An integer of 64 bits may
   * come as a number, a bigint or a string.
   */
  execute(sql: string, params?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** The same for a statement that writes: answers how many rows it inserted, changed or deleted. */
  change(sql: string, params?: readonly unknown[]): Promise<number>;
  /**
   * Keeps what the transaction did. With `deciding`, a statement that is to change one row, runs that first, in the same
   * round trip where the database can, and keeps nothing when it does not. On PostgreSQL it fails then, by
   * `DECIDES_NOTHING`.
   * @returns whether it was kept. When not, the transaction is still to be rolled back.
   * @throws with `classify(error) === "connectionLost"` when nobody knows whether it went through.
   */
  commit(deciding?: Statement): Promise<boolean>;
  /** Never rejects: without a connection the database has rolled back already. */
  rollback(): Promise<void>;
  /** Gives the connection back. After a failure of the connection it is thrown away instead. */
  release(): void;
  /** Ends the connection at once, whatever runs on it; the database rolls back. For a deadline that has passed. */
  destroy(): void;
}

/** The connection to the database is gone. */
export class ConnectionLostError extends Error {
  override name = "ConnectionLostError";
}
