import { randomUUID } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import type { Log } from "../../environment/environment.ts";
import { innermostMessage, lostBecause } from "../driver/database-errors.ts";
import type { Casing, DatabaseConnection, Driver } from "../driver/driver.ts";
import { openError, UnsuitableServerError } from "../driver/open-errors.ts";
import { relationalSchema } from "../driver/relational-schema.ts";
import { ExactPgDialect } from "./exact-dialect.ts";
import { PgConnection } from "./pg-connection.ts";
import { classifyPostgres, sqlState } from "./postgres-errors.ts";
import { makeSettings, resetSession } from "./session-settings.ts";
import { OWN_NAMES, StatementNames } from "./statement-names.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database`, with libpq's parameters (`?sslmode=require`). */
  url: string;
  schema: Record<string, unknown>;
  log: Log;
  /** The most connections at a time. Default 10. */
  connections?: number;
  /** Milliseconds that `connect` waits for a free connection, and a new connection for its server. Default 10,000. */
  connectTimeoutMs?: number;
}

/** A PostgreSQL server, reached through `pg` or Neon's package. */
export interface PostgresServer {
  /** Names the server, without secrets. */
  description: string;
  /** Removed from errors. */
  password: string | undefined;
  pool: Pool;
  /** Whether a statement that was prepared on a connection stays prepared. A pooler may be in between all the same. */
  namedStatements: boolean;
  /** Asks the server to stop the statement of a client that was destroyed. */
  cancel(client: PoolClient): void;
}

/** The options of both packages' pools. */
export function poolOptions({ url, connections = 10, connectTimeoutMs = 10_000 }: PostgresOptions) {
  return {
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: "convex-lite",
    keepAlive: true,
  };
}

/**
 * Checks the server's version and settings, and makes its driver.
 * @throws {UnusableDatabaseError} when it is unreachable, refuses, or is unsuitable. The message never holds the
 * password.
 */
export async function openServer(server: PostgresServer, { schema, log }: PostgresOptions): Promise<Driver> {
  const { pool, description, password } = server;
  // An idle client that fails leaves the pool by itself. Without a listener its "error" event would end the process.
  pool.on("error", (error) => log.warn(`An idle connection to ${description} was lost.`, { reason: error.message }));
  pool.on("connect", (client) => client.on("error", () => {}));
  try {
    await verify(pool);
  } catch (error) {
    void pool.end();
    throw openError(description, error, refusalOf(error), password);
  }
  return new PostgresDriver(server, schema, log);
}

const cleanSession = `${resetSession()}; ${makeSettings}`;

class PostgresDriver implements Driver {
  readonly dialect = "pg";
  readonly connections: number;
  readonly overlaps = true;
  readonly runsInCall = false;
  readonly shared = true;
  readonly description: string;
  readonly #server: PostgresServer;
  readonly #log: Log;
  /** No other process has it: behind a pooler, all share the names of statements. */
  readonly #prefix = `${OWN_NAMES}${randomUUID()}`;
  readonly #names = new WeakMap<PoolClient, StatementNames>();
  #clients = 0;
  #keepsSessions: boolean;
  #schema;
  #closing: Promise<void> | undefined;

  constructor(server: PostgresServer, schema: Record<string, unknown>, log: Log) {
    this.#log = log;
    this.#keepsSessions = server.namedStatements;
    this.connections = server.pool.options.max;
    this.description = server.description;
    this.#server = server;
    this.#schema = relationalSchema(schema, new ExactPgDialect());
  }

  classify = classifyPostgres;

  useSchema(schema: Record<string, unknown>, casing?: Casing): void {
    this.#schema = relationalSchema(schema, new ExactPgDialect({ casing }));
  }

  async connect(): Promise<DatabaseConnection> {
    try {
      const { pool, namedStatements, cancel } = this.#server;
      const client = await pool.connect();
      return new PgConnection(client, {
        schema: () => this.#schema,
        namedStatements,
        names: this.#keepsSessions ? this.#namesOf(client) : undefined,
        sessionLost: () => this.#nameNoMore(),
        outlivesClient: true,
        cleanSession,
        ended: (how) => {
          if (how === "destroy") cancel(client);
        },
      });
    } catch (error) {
      throw lostBecause(error);
    }
  }

  #namesOf(client: PoolClient): StatementNames {
    let names = this.#names.get(client);
    if (!names) {
      names = new StatementNames(`${this.#prefix}_${++this.#clients}`);
      this.#names.set(client, names);
    }
    return names;
  }

  /** A pooler lends a session for one transaction: what was named in one may not be known in the next. */
  #nameNoMore(): void {
    if (!this.#keepsSessions) return;
    this.#keepsSessions = false;
    this.#log.info(
      `${this.description} does not keep prepared statements, as behind a pooler: none is named any more.`,
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#server.pool.end();
    return this.#closing;
  }
}

async function verify(pool: Pool): Promise<void> {
  const { rows } = await pool.query(
    "select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby",
  );
  const [{ version, encoding, standby }] = rows;
  if (version < 120_000)
    throw new UnsuitableServerError(`it is PostgreSQL ${Math.floor(version / 10_000)}; 12 or later is needed.`);
  if (encoding !== "UTF8")
    throw new UnsuitableServerError(`its encoding is ${encoding}; create the database with encoding UTF8.`);
  if (standby)
    throw new UnsuitableServerError("it is a standby, which refuses every write; use the primary's address.");
}

function refusalOf(error: unknown): string | undefined {
  switch (sqlState(error)) {
    case "28P01":
      return wrongPassword;
    case "28000":
      return `the server does not let this user in from here (${innermostMessage(error)}).`;
    case "3D000":
      return "the server has no database of that name. Create it, or correct the name in DATABASE_URL.";
    case "53300":
      return "the server has no connection left. Raise its max_connections, or end other clients.";
    case "57P03":
      return "the server is starting or stopping. Try again in a moment.";
  }
  // The packages' own error, without a code, when the server asks for a password and the address has none.
  return innermostMessage(error).includes("client password must be") ? wrongPassword : undefined;
}

const wrongPassword = "the server does not accept this user and password. Check them in DATABASE_URL.";
