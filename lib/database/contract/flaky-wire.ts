import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A server's second address, on a wire that can be cut: for what a restart or a bad network does to connections. */
export class FlakyWire implements AsyncDisposable {
  readonly port: number;
  readonly #to: number;
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #serverIsMute = false;
  #serverIsDeaf = false;

  static async to(port: number): Promise<FlakyWire> {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new FlakyWire(port, server);
  }

  private constructor(to: number, server: Server) {
    this.#to = to;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket: Socket) => this.#pass(socket));
  }

  /** Connections end, and new ones are refused. */
  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  async start(): Promise<void> {
    this.#server = createServer((socket) => this.#pass(socket));
    await once(this.#server.listen(this.port, "127.0.0.1"), "listening");
  }

  /** Ends every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on the server hears everything, and nobody hears the server. */
  muteServer(): void {
    this.#serverIsMute = true;
  }

  /** From now on the server hears nothing. */
  deafenServer(): void {
    this.#serverIsDeaf = true;
  }

  /** Ends every connection; those that come now are whole again. */
  heal(): void {
    this.cut();
    this.#serverIsMute = false;
    this.#serverIsDeaf = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.stop();
  }

  #pass(socket: Socket): void {
    const server = connect(this.#to, "127.0.0.1");
    for (const [one, other] of [
      [socket, server],
      [server, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    socket.on("data", (bytes) => {
      if (!this.#serverIsDeaf) server.write(bytes);
    });
    server.on("data", (bytes) => {
      if (!this.#serverIsMute) socket.write(bytes);
    });
  }
}
