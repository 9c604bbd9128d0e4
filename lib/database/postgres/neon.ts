import { Client, Pool } from "@neondatabase/serverless";
import type pg from "pg";
import { UnusableDatabaseError } from "../driver/database-errors.ts";
import type { Driver } from "../driver/driver.ts";
import { openServer, type PostgresOptions, poolOptions } from "./postgres-driver.ts";

/**
 * Opens a PostgreSQL server through a WebSocket, as Neon offers it where plain connections are not allowed out. Sockets
 * are Node's own. The driver's settings are set on each client: those of the package are shared by everybody who loads it.
 *
 * `?wsproxy=ws://host:port/path` in the address names another proxy than Neon's, such as one for tests.
 * @throws {UnusableDatabaseError}
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
    // Behind a pooler the next statement may be another backend's.
    namedStatements: !client.host.includes("-pooler"),
    cancel: (running: unknown) => cancel(clientThrough(proxy, url), running as BusyClient),
  };
  return openServer(server, options);
}

const noFiles =
  "Neon's certificates are checked by Node, and its package reads no files of others. Take sslrootcert, sslcert and sslkey out of " +
  "DATABASE_URL, or add ?driver=pg to it.";

function openPool(options: PostgresOptions, proxy: URL | undefined): pg.Pool {
  const pool = new Pool(poolOptions(options));
  pool.Client = class extends Client {
    constructor(config: ConstructorParameters<typeof Client>[0]) {
      super(config);
      goThrough(this, proxy);
      sayTransactionStatus(this);
    }
  };
  return pool as unknown as pg.Pool;
}

function clientThrough(proxy: URL | undefined, url: string): Client {
  const client = new Client(url);
  goThrough(client, proxy);
  return client;
}

/** Without encryption nothing can be said ahead of the server's answers either. */
function goThrough({ neonConfig }: Client, proxy: URL | undefined): void {
  if (!proxy) return;
  neonConfig.wsProxy = `${proxy.host}${proxy.pathname}`;
  neonConfig.useSecureWebSocket = proxy.protocol === "wss:";
  neonConfig.pipelineConnect = false;
  neonConfig.pipelineTLS = false;
}

/** The package holds a copy of `pg` from before its clients could say whether a transaction is open. */
function sayTransactionStatus(client: Client): void {
  let status: string | null = null;
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  connection.on("readyForQuery", (message: { status: string }) => {
    status = message.status;
  });
  Object.assign(client, { getTransactionStatus: () => status });
}

/** What the package's types leave out. */
interface BusyClient {
  activeQuery: unknown;
}

/** An attempt: nobody waits for it, and its failure changes nothing. */
function cancel(messenger: Client, running: BusyClient): void {
  messenger.on("error", () => {});
  const { connection } = messenger as unknown as { connection: NodeJS.EventEmitter };
  connection.on("error", () => {});
  (messenger as unknown as { cancel(client: BusyClient, query: unknown): void }).cancel(running, running.activeQuery);
}

/** The address for the server, and what in it was for us. */
function split(address: string): { url: string; proxy: URL | undefined } {
  const url = new URL(address);
  const proxy = url.searchParams.get("wsproxy");
  url.searchParams.delete("wsproxy");
  url.searchParams.delete("driver");
  return { url: url.href, proxy: proxy ? new URL(proxy) : undefined };
}
