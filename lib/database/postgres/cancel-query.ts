import type { ConnectionOptions } from "node:tls";
import pg, { type PoolClient } from "pg";

/** Members of pg's clients and connections that its types omit. */
interface CancellableClient {
  host: string;
  port: number;
  ssl: boolean | ConnectionOptions;
  processID: number | null;
  secretKey: number | null;
}
interface CancellingConnection {
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
  on(event: "connect" | "sslconnect" | "error" | "end", listener: () => void): void;
  stream: { destroy(): void };
}

/**
 * Asks the server to stop the statement of this client. Closing the connection is not enough: the server notices that
 * only when the statement has something to send, and its locks block others until then.
 *
 * The request uses a connection of its own, as the protocol demands, and the secret that the server gave the client. It
 * is not awaited, and its failure changes nothing.
 */
export function cancelQuery(pooled: PoolClient): void {
  const client = pooled as unknown as CancellableClient;
  if (client.processID === null || client.secretKey === null) return;
  const { processID, secretKey } = client;
  const connection = new pg.Connection({ ssl: client.ssl } as never) as unknown as CancellingConnection;
  const giveUp = setTimeout(() => connection.stream.destroy(), 5_000);
  const cancel = (): void => connection.cancel(processID, secretKey);
  connection.on("connect", () => (client.ssl ? connection.requestSsl() : cancel()));
  connection.on("sslconnect", cancel);
  connection.on("error", () => {});
  connection.on("end", () => clearTimeout(giveUp));
  if (client.host.startsWith("/")) connection.connect(`${client.host}/.s.PGSQL.${client.port}`);
  else connection.connect(client.port, client.host);
}
