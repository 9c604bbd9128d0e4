import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createWebSocketStream, WebSocketServer } from "ws";

/** A proxy like Neon's: it connects each WebSocket to a server over TCP. */
export interface WebsocketProxy {
  port: number;
  close(): Promise<void>;
}

/** Starts the proxy. The path `/port-<number>` leads to that local port. */
export async function startWebsocketProxy(): Promise<WebsocketProxy> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket, { url }) => {
    const port = Number(/port-(\d+)/.exec(url ?? "")?.[1]);
    const database = connect(port, "127.0.0.1");
    const stream = createWebSocketStream(socket);
    database.pipe(stream).pipe(database);
    stream.on("error", () => database.destroy());
    database.on("error", () => socket.terminate());
    database.on("close", () => socket.terminate());
    socket.on("close", () => database.destroy());
  });
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of server.clients) socket.terminate();
      await new Promise((closed) => server.close(closed));
    },
  };
}
