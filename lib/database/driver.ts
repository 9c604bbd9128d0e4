/** Which SQL a database speaks. */
export type Dialect = "pg";

/**
 * A database as the engine needs it. Every driver passes the suite in `behaves-as-driver.ts`.
 *
 * The order is always connect → begin → commit or rollback → release. A driver whose database runs one transaction at
 * a time (the embedded one) makes `connect` wait for its turn, so that nobody waits for the database with a transaction
 * open elsewhere.
 */
export interface Driver {
  readonly dialect: Dialect;
  /** Do transactions run side by side? Otherwise each waits for the one before it to end. */
  readonly sideBySide: boolean;
  /** What to call it in the terminal, without secrets: `PGlite in .convex/` or `PostgreSQL at db.example:5432/app`. */
  readonly description: string;
  /** Waits for a free connection. @throws {ConnectionLostError} when there is none within the time allowed. */
  connect(): Promise<Connection>;
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
export interface Connection {
  /**
   * Opens a transaction: "read" is one snapshot in which every write is refused, "write" is serializable.
   * A commit that finished before the call is in its snapshot. That of "read" exists when this resolves; that of "write"
   * is taken by its first statement, for the later it is, the fewer conflicts.
   */
  begin(mode: "read" | "write"): Promise<void>;
  /** The author's Drizzle database inside the open transaction. Unusable once the transaction has ended. */
  readonly db: unknown;
  /**
   * Runs one of the framework's own statements inside the open transaction; `$1`, `$2` … stand for `params`.
   * A bigint column comes as a string, as JavaScript's numbers are too small for it.
   */
  execute(sql: string, params?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** @throws with `classify(error) === "connectionLost"` when nobody knows whether it went through. */
  commit(): Promise<void>;
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
