import type { Connection as RawConnection } from "mysql2";
import { createConnection, createPool, type Pool, type PoolConnection, type PoolOptions } from "mysql2/promise";
import type { Log } from "../../environment/environment.ts";
import { innermostMessage, lostBecause, UnusableDatabaseError } from "../driver/database-errors.ts";
import { type Casing, ConnectionLostError, type DatabaseConnection, type Driver } from "../driver/driver.ts";
import { openError, UnsuitableServerError } from "../driver/open-errors.ts";
import { relationalSchema } from "../driver/relational-schema.ts";
import { Semaphore } from "../driver/semaphore.ts";
import { ExactMySqlDialect } from "./exact-dialect.ts";
import { MysqlConnection } from "./mysql-connection.ts";
import { classifyMysql, mysqlErrorNumber } from "./mysql-errors.ts";
import { withTlsOfMysql2 } from "./mysql-tls.ts";
import { firstStatements } from "./session-settings.ts";

export interface MysqlOptions {
  /** `mysql://user:password@host:3306/database`, with the parameters of mysql2, and those of TLS (see mysql-tls.ts). */
  url: string;
  schema: Record<string, unknown>;
  log: Log;
  /** The most connections at a time. Default 10. */
  connections?: number;
  /** Milliseconds that `connect` waits for a free connection, and a new connection for its server. Default 10,000. */
  connectTimeoutMs?: number;
}

/**
 * Opens a MySQL or MariaDB server, and checks its version and settings.
 * @throws {UnusableDatabaseError} when it is unreachable, refuses, or is unsuitable. The message never holds the
 * password.
 */
export async function openMysql(given: MysqlOptions): Promise<Driver> {
  const options = { ...given, url: withTlsOfMysql2(given.url) };
  if (/multi(ple)?_?statements/i.test(new URL(options.url).search)) throw new UnusableDatabaseError(severalStatements);
  const place = placeOf(options.url);
  const pool = openPool(options, place);
  try {
    return new MysqlDriver(options, pool, place, await verify(pool));
  } catch (error) {
    void pool.end().catch(() => {});
    throw openError(`MySQL at ${place}`, error, refusalOf(error), decodeURIComponent(new URL(options.url).password));
  }
}

/** Only the first statement of a text is checked for an implicit commit (see implicit-commit.ts). */
const severalStatements =
  "DATABASE_URL has several statements sent as one, and convex-lite could not see which of them commits a part of a " +
  "mutation. Take multipleStatements out of it, and send statements one by one.";

/** The options of every connection to the server. */
function connectionOptions({ url, connectTimeoutMs = 10_000 }: MysqlOptions): PoolOptions {
  return {
    uri: url,
    connectTimeout: connectTimeoutMs,
    charset: "utf8mb4",
    // For dates that Drizzle does not convert itself, as in the author's own SQL.
    timezone: "Z",
    // Integers beyond the safe range of JavaScript's numbers come as strings.
    supportBigNumbers: true,
  };
}

function openPool(options: MysqlOptions, place: string): Pool {
  const pool = createPool({ ...connectionOptions(options), connectionLimit: options.connections ?? CONNECTIONS });
  pool.on("connection", (client) => {
    // mysql2 declares the connection with promises here, and passes the one with callbacks.
    const connection = client as unknown as RawConnection;
    connection.on("error", (error) =>
      options.log.warn(`A connection to the database at ${place} was lost.`, { reason: error.message }),
    );
    for (const statement of firstStatements) {
      connection.query(statement, (error) => {
        if (error) connection.destroy();
      });
    }
  });
  return pool;
}

const CONNECTIONS = 10;

class MysqlDriver implements Driver {
  readonly dialect = "mysql";
  readonly connections: number;
  readonly overlaps = true;
  readonly runsInCall = false;
  readonly shared = true;
  readonly description: string;
  readonly #options: MysqlOptions;
  readonly #pool: Pool;
  readonly #product: Product;
  /** Limits the wait for a connection: mysql2's pool has no such limit. */
  readonly #turns: Semaphore;
  #schema;
  #closing: Promise<void> | undefined;

  constructor(options: MysqlOptions, pool: Pool, place: string, product: Product) {
    this.description = `${product} at ${place}`;
    this.#product = product;
    this.#options = options;
    this.#pool = pool;
    this.connections = options.connections ?? CONNECTIONS;
    this.#turns = new Semaphore(this.connections);
    this.#schema = relationalSchema(options.schema, new ExactMySqlDialect());
  }

  classify = classifyMysql;

  useSchema(schema: Record<string, unknown>, casing?: Casing): void {
    this.#schema = relationalSchema(schema, new ExactMySqlDialect({ casing }));
  }

  async connect(): Promise<DatabaseConnection> {
    if (this.#closing) throw closed();
    const endTurn = await this.#turns.take(this.#options.connectTimeoutMs ?? 10_000, noneFree);
    try {
      const client = await this.#pool.getConnection();
      return new MysqlConnection(client, {
        schema: () => this.#schema,
        explain: (error, statement) => (this.#product === "MariaDB" ? withoutLateral(error, statement) : error),
        ended: (how) => {
          endTurn();
          if (how === "busy") this.#stop(client);
        },
      });
    } catch (error) {
      endTurn();
      throw lostBecause(error);
    }
  }

  close(): Promise<void> {
    this.#turns.refuseAll(closed());
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  /**
   * Makes the server stop the statement of a connection that is closed already. By itself the server notices only when
   * the statement has something to send, and its locks block others until then. Not awaited; a failure changes nothing.
   */
  #stop({ threadId }: PoolConnection): void {
    createConnection(connectionOptions({ ...this.#options, connectTimeoutMs: 5_000 }))
      .then((connection) => connection.query(`kill ${Number(threadId)}`).finally(() => connection.end()))
      .catch(() => {});
  }
}

type Product = "MySQL" | "MariaDB";

async function verify(pool: Pool): Promise<Product> {
  const [[found]] = (await pool.query(
    "select version() as version, @@character_set_database as encoding, @@read_only as readOnly, @@default_storage_engine as engine, database() as name",
  )) as unknown as [[Record<string, unknown>]];
  const version = String(found.version);
  const isMariadb = /mariadb/i.test(version);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (found.name === null)
    throw new UnsuitableServerError("DATABASE_URL names no database: end it with /name-of-the-database.");
  if (isMariadb ? major * 100 + minor < 1006 : major < 8)
    throw new UnsuitableServerError(`it is version ${version}; MySQL 8 or MariaDB 10.6, or later, is needed.`);
  if (found.encoding !== "utf8mb4") {
    throw new UnsuitableServerError(
      `its character set is ${found.encoding}, which does not hold every text. Run "alter database … character set utf8mb4".`,
    );
  }
  if (Number(found.readOnly) !== 0)
    throw new UnsuitableServerError("it is read-only, as a replica is; use the primary's address.");
  if (found.engine !== "InnoDB")
    throw new UnsuitableServerError(`its storage engine is ${found.engine}; InnoDB is needed.`);
  return isMariadb ? "MariaDB" : "MySQL";
}

function refusalOf(error: unknown): string | undefined {
  switch (mysqlErrorNumber(error)) {
    case 1045:
    case 1698:
      return "the server does not accept this user and password. Check them in DATABASE_URL.";
    case 1130:
      return `the server does not let this user in from here (${innermostMessage(error)}).`;
    case 1044:
      return "the server does not let this user use this database. Grant the right, or correct the name in DATABASE_URL.";
    case 1049:
      return "the server has no database of that name. Create it, or correct the name in DATABASE_URL.";
    case 1040:
    case 1203:
      return "the server has no connection left. Raise its max_connections, or end other clients.";
    case 1053:
      return "the server is stopping. Try again in a moment.";
  }
  return undefined;
}

/** Names the database without secrets: `host:port/database`. */
function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || 3306}${pathname}`;
}

/** Explains MariaDB's error of syntax for a lateral join, which Drizzle writes for `with` in `db.query`. */
function withoutLateral(error: unknown, statement: string): unknown {
  if (mysqlErrorNumber(error) !== 1064 || !/ join lateral /i.test(statement)) return error;
  return new Error(
    "MariaDB has no lateral joins, which `with` in db.query needs. Join the tables in a select, or query each by itself.",
    { cause: error },
  );
}

function closed(): ConnectionLostError {
  return new ConnectionLostError("The database has been closed.");
}

function noneFree(): ConnectionLostError {
  return new ConnectionLostError("No connection to the database came free in time.");
}
