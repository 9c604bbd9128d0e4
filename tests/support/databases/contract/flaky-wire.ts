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
  /** What is on its way to the server, and arrives whatever has become of who sent it. */
  #onTheWay: (() => void)[] | undefined;

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

  /** From now on what is sent is on its way until `arrive`, also when its sender has gone. New connections are whole. */
  delay(): void {
    this.#onTheWay = [];
  }

  /** Has something been sent that has not arrived? */
  get isCarrying(): boolean {
    return this.#onTheWay !== undefined && this.#onTheWay.length > 0;
  }

  arrive(): void {
    const arriving = this.#onTheWay ?? [];
    this.#onTheWay = undefined;
    for (const each of arriving) each();
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
    const isNew = this.#onTheWay !== undefined;
    let late = false;
    for (const [one, other] of [
      [socket, server],
      [server, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(one);
        if (one === socket && late) this.#onTheWay?.push(() => other.end());
        else other.destroy();
      });
    }
    socket.on("data", (bytes) => {
      if (this.#serverIsDeaf) return;
      late = !isNew && this.#onTheWay !== undefined;
      if (late) this.#onTheWay?.push(() => server.write(bytes));
      else server.write(bytes);
    });
    server.on("data", (bytes) => {
      if (!this.#serverIsMute) socket.write(bytes);
    });
  }
}
