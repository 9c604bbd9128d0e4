import type { TablesRelationalConfig } from "drizzle-orm";
import { type NodePgClient, NodePgSession, NodePgTransaction } from "drizzle-orm/node-postgres/session";
import type { PgDialect, PgPreparedQuery, PreparedQueryConfig } from "drizzle-orm/pg-core";
import type { RelationalSchema } from "../driver/relational-schema.ts";
import type { TransactionScope } from "../driver/transaction-scope.ts";

type Schema = Record<string, unknown>;

/**
 * Drizzle's session. Refuses statements after the transaction has ended. Not `client.query` does so, because Drizzle
 * wraps its errors, which would hide the reason.
 */
export class TransactionSession extends NodePgSession<Schema, TablesRelationalConfig> {
  readonly #transaction: TransactionScope;
  readonly #namedStatements: boolean;

  constructor(
    client: NodePgClient,
    schema: RelationalSchema<PgDialect>,
    transaction: TransactionScope,
    namedStatements: boolean,
  ) {
    super(client, schema.dialect, schema);
    this.#transaction = transaction;
    this.#namedStatements = namedStatements;
  }

  override prepareQuery<T extends PreparedQueryConfig = PreparedQueryConfig>(
    ...[query, fields, name, ...rest]: Parameters<typeof NodePgSession.prototype.prepareQuery<T>>
  ): PgPreparedQuery<T> {
    this.#transaction.assertOpen();
    return super.prepareQuery<T>(query, fields, this.#namedStatements ? name : undefined, ...rest);
  }
}

interface NestableParts {
  schema: RelationalSchema<PgDialect>;
  session: TransactionSession;
  transaction: TransactionScope;
  send(sql: string): Promise<unknown>;
}

/** Drizzle's transaction. Its nested transactions run one after the other, and the commit waits for them. */
export class NestableTransaction extends NodePgTransaction<Schema, TablesRelationalConfig> {
  readonly #parts: NestableParts;
  readonly #depth: number;

  constructor(parts: NestableParts, depth: number) {
    const { schema, session } = parts;
    super(schema.dialect, session as never, schema, depth);
    this.#parts = parts;
    this.#depth = depth;
  }

  override async transaction<T>(body: (nested: NestableTransaction) => Promise<T>): Promise<T> {
    const { transaction, send } = this.#parts;
    const nested = new NestableTransaction(this.#parts, this.#depth + 1);
    return transaction.nested(send, () => body(nested));
  }
}
