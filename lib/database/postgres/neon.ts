import { Client, Pool } from "@neondatabase/serverless";
import type pg from "pg";
import { UnusableDatabaseError } from "../driver/database-errors.ts";
import type { Driver } from "../driver/driver.ts";
import { openServer, type PostgresOptions, poolOptions } from "./postgres-driver.ts";

/**
 * Opens a PostgreSQL server through a WebSocket, which Neon offers for hosts that allow no other outgoing connections.
 * The WebSocket is Node's own. Settings are made on each client, because the package's own are shared by all who import
 * it.
 *
 * `?wsproxy=ws://host:port/path` in the address names a proxy other than Neon's, such as one for tests.
 * @throws {UnusableDatabaseError} that says what is wrong. The message never holds the password.
 */
export function openNeon(given: PostgresOptions): Promise<Driver> {
  const { url, proxy } = split(given.url);
  if (/[?&]ssl(rootcert|cert|key)=/.test(url)) throw new UnusableDatabaseError(noFiles);
  const options = { ...given, url };
  const client = new Client(url);
  const server = {
    description: `Neon at ${client.host}/${client.database}`,
    password: typeof client.password === "string" ? client.password : undefined,
    pool: openPool(options, proxy),
    // A pooler may send the next statement to another backend.
    namedStatements: !client.host.includes("-pooler"),
    cancel: (running: unknown) => cancel(clientThrough(proxy, url), running as BusyClient),
  };
  return openServer(server, options);
}

const noFiles =
  "Node checks Neon's certificate, and Neon's package reads no certificate files. Take sslrootcert, sslcert and sslkey out of " +
  "DATABASE_URL, or add ?driver=pg to it.";

function openPool(options: PostgresOptions, proxy: URL | undefined): pg.Pool {
  const pool = new Pool(poolOptions(options));
  pool.Client = class extends Client {
    constructor(config: ConstructorParameters<typeof Client>[0]) {
      super(config);
      goThrough(this, proxy);
      sayTransactionStatus(this);
      sendAlone(this);
    }
  };
  return pool as unknown as pg.Pool;
}

function clientThrough(proxy: URL | undefined, url: string): Client {
  const client = new Client(url);
  goThrough(client, proxy);
  return client;
}

/**
 * Sets the proxy on a client. A connection without TLS cannot send ahead of the server's answers, so pipelining is off.
 */
function goThrough({ neonConfig }: Client, proxy: URL | undefined): void {
  if (!proxy) return;
  neonConfig.wsProxy = `${proxy.host}${proxy.pathname}`;
  neonConfig.useSecureWebSocket = proxy.protocol === "wss:";
  neonConfig.pipelineConnect = false;
  neonConfig.pipelineTLS = false;
}

/**
 * Adds `getTransactionStatus`, which is missing from the older copy of `pg` in Neon's package. Replaces the method that
 * takes the status, because the package removes all listeners while it connects.
 */
function sayTransactionStatus(client: Client): void {
  let status: string | null = null;
  const { _handleReadyForQuery } = client as unknown as { _handleReadyForQuery(message?: { status: string }): void };
  Object.assign(client, {
    getTransactionStatus: () => status,
    _handleReadyForQuery(message?: { status: string }) {
      status = message?.status ?? null;
      _handleReadyForQuery.call(client, message);
    },
  });
}

/** Members of the package's connections that its types omit. */
interface NeonConnection {
  query(text: string): void;
  parse(statement: { text: string }): void;
  bind(values: object): void;
  describe(what: { type: "P" }): void;
  execute(portal: object): void;
  sync(): void;
}

/** Adds `queryMode: "extended"`, which is missing from the older copy of `pg` in Neon's package. */
function sendAlone(client: Client): void {
  const { connection } = client as unknown as { connection: NeonConnection };
  const alone = new Set<string>();
  const query = client.query.bind(client) as (config: unknown, ...rest: unknown[]) => unknown;
  const send = connection.query.bind(connection);
  const withMode = (config: { text?: string; queryMode?: string }, ...rest: unknown[]): unknown => {
    if (config?.queryMode === "extended" && config.text) alone.add(config.text);
    return query(config, ...rest);
  };
  // The package calls this for a statement without values and without a name.
  connection.query = (text) => {
    if (!alone.delete(text)) return send(text);
    connection.parse({ text });
    connection.bind({});
    connection.describe({ type: "P" });
    connection.execute({});
    connection.sync();
  };
  Object.assign(client, { query: withMode });
}

/** A member of the package's clients that its types omit. */
interface BusyClient {
  activeQuery: unknown;
}

/** Asks the server to stop the statement of a client. It is not awaited, and its failure changes nothing. */
function cancel(messenger: Client, running: BusyClient): void {
  messenger.on("error", () => {});
  const { connection } = messenger as unknown as { connection: NodeJS.EventEmitter };
  connection.on("error", () => {});
  (messenger as unknown as { cancel(client: BusyClient, query: unknown): void }).cancel(running, running.activeQuery);
}

/** Splits the address into the one for the server and the proxy, and removes the parameters of convex-lite. */
function split(address: string): { url: string; proxy: URL | undefined } {
  const url = new URL(address);
  const proxy = url.searchParams.get("wsproxy");
  url.searchParams.delete("wsproxy");
  url.searchParams.delete("driver");
  return { url: url.href, proxy: proxy ? new URL(proxy) : undefined };
}
