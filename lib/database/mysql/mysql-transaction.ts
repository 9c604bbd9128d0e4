import type { TablesRelationalConfig } from "drizzle-orm";
import {
  type MySqlDialect,
  type MySqlPreparedQueryConfig,
  MySqlTransaction,
  type PreparedQueryKind,
} from "drizzle-orm/mysql-core";
import {
  type MySql2Client,
  type MySql2PreparedQueryHKT,
  type MySql2QueryResultHKT,
  MySql2Session,
} from "drizzle-orm/mysql2/session";
import type { RelationalSchema } from "../driver/relational-schema.ts";
import type { TransactionScope } from "../driver/transaction-scope.ts";

type Schema = Record<string, unknown>;

/** Drizzle's session. Refuses statements after the transaction has ended. */
export class TransactionSession extends MySql2Session<Schema, TablesRelationalConfig> {
  readonly #transaction: TransactionScope;

  constructor(client: MySql2Client, schema: RelationalSchema<MySqlDialect>, transaction: TransactionScope) {
    super(client, schema.dialect, schema, { mode: "default" });
    this.#transaction = transaction;
  }

  override prepareQuery<T extends MySqlPreparedQueryConfig>(
    ...args: Parameters<MySql2Session<Schema, TablesRelationalConfig>["prepareQuery"]>
  ): PreparedQueryKind<MySql2PreparedQueryHKT, T> {
    this.#transaction.assertOpen();
    return super.prepareQuery<T>(...args);
  }
}

interface NestableParts {
  schema: RelationalSchema<MySqlDialect>;
  session: TransactionSession;
  transaction: TransactionScope;
  send(sql: string): Promise<unknown>;
}

/**
 * Drizzle's transaction. Its nested transactions are rolled back as a whole when a statement fails, as in PostgreSQL.
 */
export class NestableTransaction extends MySqlTransaction<
  MySql2QueryResultHKT,
  MySql2PreparedQueryHKT,
  Schema,
  TablesRelationalConfig
> {
  readonly #parts: NestableParts;
  readonly #depth: number;

  constructor(parts: NestableParts, depth: number) {
    const { schema, session } = parts;
    super(schema.dialect, session as never, schema, depth, "default");
    this.#parts = parts;
    this.#depth = depth;
  }

  override async transaction<T>(body: (nested: NestableTransaction) => Promise<T>): Promise<T> {
    const { transaction, send } = this.#parts;
    const depth = this.#depth + 1;
    const nested = new NestableTransaction(this.#parts, depth);
    return transaction.nested(send, () => body(nested));
  }
}
