import { PgDialect } from "drizzle-orm/pg-core";
import pg from "pg";
import type { Log } from "../environment/environment.ts";
import { cancelRunning } from "./cancel-running.ts";
import { type Connection, ConnectionLostError, type Driver } from "./driver.ts";
import { classifyPostgres, innermostMessage, sqlState, UnusableDatabaseError } from "./failure.ts";
import { lostBecause, PgConnection } from "./pg-connection.ts";
import { relationalSchema } from "./relational-schema.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database`, with libpq's parameters (`?sslmode=require`). */
  url: string;
  schema: Record<string, unknown>;
  log: Log;
  /** Connections at most. Default 10. */
  connections?: number;
  /** Milliseconds `connect` waits for a free connection, and a new one for its server. Default 10,000. */
  connectWithin?: number;
}

/**
 * Opens a PostgreSQL server, and talks to it once to see that it is the right one.
 * @throws {UnusableDatabaseError} that says what is wrong (unreachable, refused, unknown database), without the password.
 */
export async function openPostgres(options: PostgresOptions): Promise<Driver> {
  const description = nameOf(options.url);
  const pool = openPool(options, description);
  try {
    await verify(pool);
  } catch (error) {
    void pool.end();
    throw new UnusableDatabaseError(`Cannot use ${description}: ${whatIsWrong(error)}`, {
      cause: withoutSecrets(error, options.url),
    });
  }
  return new PostgresDriver(options, pool, description);
}

function openPool(
  { url, connections = 10, connectWithin = 10_000, log }: PostgresOptions,
  description: string,
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectWithin,
    application_name: "convex-lite",
    keepAlive: true,
  });
  // A client that fails while nobody uses it has left the pool already; unheard, its error would end the process.
  pool.on("error", (error) => log.warn(`An idle connection to ${description} was lost.`, { reason: error.message }));
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

class PostgresDriver implements Driver {
  readonly dialect = "pg";
  readonly sideBySide = true;
  readonly shared = true;
  readonly description: string;
  readonly #pool: pg.Pool;
  #schema;
  #closing: Promise<void> | undefined;

  constructor(options: PostgresOptions, pool: pg.Pool, description: string) {
    this.description = description;
    this.#pool = pool;
    this.#schema = relationalSchema(options.schema, new PgDialect());
  }

  classify = classifyPostgres;

  useSchema(schema: Record<string, unknown>): void {
    this.#schema = relationalSchema(schema, new PgDialect());
  }

  async connect(): Promise<Connection> {
    try {
      const client = await this.#pool.connect();
      return new PgConnection(client, {
        schema: () => this.#schema,
        namedStatements: true,
        ended: (how) => {
          if (how === "destroy") cancelRunning(client);
        },
      });
    } catch (error) {
      throw lostBecause(error);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }
}

async function verify(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query(
    "select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby",
  );
  const [{ version, encoding, standby }] = rows;
  if (version < 120_000)
    throw new Unsuitable(`it is PostgreSQL ${Math.floor(version / 10_000)}; 12 or later is needed.`);
  if (encoding !== "UTF8") throw new Unsuitable(`its encoding is ${encoding}; create the database with encoding UTF8.`);
  if (standby) throw new Unsuitable("it is a standby, which refuses every write; use the primary's address.");
}

class Unsuitable extends Error {}

function whatIsWrong(error: unknown): string {
  if (error instanceof Unsuitable) return error.message;
  switch (sqlState(error)) {
    case "28P01":
      return "the server does not accept this user and password. Check them in DATABASE_URL.";
    case "28000":
      return `the server does not let this user in from here (${innermostMessage(error)}).`;
    case "3D000":
      return "the server has no database of that name. Create it, or correct the name in DATABASE_URL.";
    case "53300":
      return "the server has no connection left. Raise its max_connections, or end other clients.";
    case "57P03":
      return "the server is starting or stopping. Try again in a moment.";
  }
  return `the server does not answer (${networkReason(error)}). Is it running, and are host and port in DATABASE_URL right?`;
}

/** Node tries every address of a host and says nothing about it but "AggregateError". */
function networkReason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map((each) => innermostMessage(each)).join("; ");
  return innermostMessage(error);
}

/** `PostgreSQL at host:port/database`. */
function nameOf(url: string): string {
  const { host, port, database } = new pg.Client({ connectionString: url });
  return `PostgreSQL at ${host}:${port}/${database}`;
}

/** The errors of `pg` do not hold the address; should one ever, the password is cut out of it. */
function withoutSecrets(error: unknown, url: string): Error {
  const { password } = new pg.Client({ connectionString: url });
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const clean = new ConnectionLostError(innermostMessage(error));
  clean.stack = typeof password === "string" && password !== "" ? text.replaceAll(password, "***") : text;
  return clean;
}
