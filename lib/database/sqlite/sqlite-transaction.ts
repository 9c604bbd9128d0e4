import type { TablesRelationalConfig } from "drizzle-orm";
import { type SQLiteAsyncDialect, SQLiteTransaction } from "drizzle-orm/sqlite-core";
import type { RemoteCallback } from "drizzle-orm/sqlite-proxy";
import {
  type PreparedQueryConfig,
  type RemotePreparedQuery,
  SQLiteRemoteSession,
} from "drizzle-orm/sqlite-proxy/session";
import type { RelationalSchema } from "../driver/relational-schema.ts";
import type { TransactionScope } from "../driver/transaction-scope.ts";

/** What Drizzle expects from a statement: rows as arrays, rows as objects, or the number of changes. */
export type Shape = "arrays" | "objects" | "change";
/** Runs a statement in the transaction. */
export type Send = (sql: string, params: unknown[], shape: Shape) => Promise<{ rows: unknown[] }>;

type Schema = Record<string, unknown>;

/** Drizzle's session. Refuses statements after the transaction has ended. */
export class TransactionSession extends SQLiteRemoteSession<Schema, TablesRelationalConfig> {
  readonly #transaction: TransactionScope;
  /** Runs the author's own SQL, whose rows Drizzle does not map. */
  readonly #unmapped: SQLiteRemoteSession<Schema, TablesRelationalConfig>;

  constructor(schema: RelationalSchema<SQLiteAsyncDialect>, transaction: TransactionScope, send: Send) {
    super(callback(send, "arrays"), schema.dialect, schema);
    this.#transaction = transaction;
    this.#unmapped = new SQLiteRemoteSession(callback(send, "objects"), schema.dialect, schema);
  }

  override prepareQuery<T extends PreparedQueryConfig>(
    ...args: Parameters<SQLiteRemoteSession<Schema, TablesRelationalConfig>["prepareQuery"]>
  ): RemotePreparedQuery<T> {
    this.#transaction.assertOpen();
    const [, fields, , , mapper] = args;
    return fields || mapper ? super.prepareQuery<T>(...args) : this.#unmapped.prepareQuery<T>(...args);
  }
}

/** The callback that Drizzle calls for each statement. For `get` it expects one row instead of a list. */
function callback(send: Send, rows: "arrays" | "objects"): RemoteCallback {
  return async (sql, params, method) => {
    if (method === "run") return send(sql, params, "change");
    const found = await send(sql, params, method === "values" ? "arrays" : rows);
    return method === "get" ? { rows: found.rows[0] as unknown[] } : found;
  };
}

interface NestableParts {
  schema: RelationalSchema<SQLiteAsyncDialect>;
  session: TransactionSession;
  transaction: TransactionScope;
  send: Send;
}

/**
 * Drizzle's transaction. Its nested transactions are rolled back as a whole when a statement fails, as in PostgreSQL.
 */
export class NestableTransaction extends SQLiteTransaction<"async", unknown, Schema, TablesRelationalConfig> {
  readonly #parts: NestableParts;
  readonly #depth: number;

  constructor(parts: NestableParts, depth: number) {
    const { schema, session } = parts;
    super("async", schema.dialect, session as never, schema, depth);
    this.#parts = parts;
    this.#depth = depth;
  }

  override async transaction<T>(body: (nested: NestableTransaction) => Promise<T>): Promise<T> {
    const { transaction, send } = this.#parts;
    const depth = this.#depth + 1;
    const nested = new NestableTransaction(this.#parts, depth);
    return transaction.nested(
      (sql) => send(sql, [], "change"),
      () => body(nested),
    );
  }
}
