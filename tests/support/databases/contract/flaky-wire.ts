import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A proxy in front of a server. It does to connections what a restart of the server or a bad network does. */
export class FlakyWire implements AsyncDisposable {
  readonly port: number;
  readonly #to: number;
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #serverIsMute = false;
  #serverIsDeaf = false;
  /**
   * Deliveries to the server that `arrive` runs, also when their sender has disconnected. Undefined without a delay.
   */
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

  /** Ends every connection and refuses new ones. */
  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  /** Accepts connections again. */
  async start(): Promise<void> {
    this.#server = createServer((socket) => this.#pass(socket));
    await once(this.#server.listen(this.port, "127.0.0.1"), "listening");
  }

  /** Ends every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on nothing that the server sends arrives. The server still receives everything. */
  muteServer(): void {
    this.#serverIsMute = true;
  }

  /** From now on nothing that is sent to the server arrives. */
  deafenServer(): void {
    this.#serverIsDeaf = true;
  }

  /** Holds back what existing connections send from now on, until `arrive`. New connections are not delayed. */
  delay(): void {
    this.#onTheWay = [];
  }

  /** Whether something is held back. */
  get isCarrying(): boolean {
    return this.#onTheWay !== undefined && this.#onTheWay.length > 0;
  }

  /** Delivers what was held back, and ends the delay. */
  arrive(): void {
    const arriving = this.#onTheWay ?? [];
    this.#onTheWay = undefined;
    for (const each of arriving) each();
  }

  /** Ends every connection. New ones work in both directions. */
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
