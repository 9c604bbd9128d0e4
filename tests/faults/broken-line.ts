import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** RFC 6455 §5.2: the first byte of a close frame. The texts of these tests are ASCII and do not contain it. */
const CLOSE_FRAME = 0x88;

/** A line between clients and a server, over TCP: passes everything on until it is told to break. */
export class BrokenLine implements AsyncDisposable {
  readonly #server: Server;
  readonly #heard: (bytes: Buffer) => Buffer;
  readonly #links = new Set<Link>();
  #cutBefore: string | undefined;
  /** How often `cutBefore` has cut a connection. */
  cuts = 0;
  /** The server has sent a close frame that was swallowed. */
  hungUp = false;

  private constructor(server: Server, heard: (bytes: Buffer) => Buffer) {
    this.#server = server;
    this.#heard = heard;
  }

  /**
   * @param port Of the server on this machine.
   * @param heard What clients receive for the bytes that the server sends. Default: the same bytes.
   */
  static async to(port: number, heard: (bytes: Buffer) => Buffer = (bytes) => bytes): Promise<BrokenLine> {
    const server = createServer();
    const line = new BrokenLine(server, heard);
    server.on("connection", (client) => line.#link(client, connect(port, "localhost")));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return line;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The connection breaks, at both ends, when the server sends something that holds this text, before it arrives. */
  cutBefore(text: string): void {
    this.#cutBefore = text;
  }

  /** Every connection breaks now, at both ends. */
  cut(): void {
    for (const { client, server } of this.#links) {
      client.destroy();
      server.destroy();
    }
  }

  /** Drops what is sent on the present connections, and tells neither end. Later connections work. */
  swallow(what: "everything" | "what the server says"): void {
    for (const link of this.#links) link.swallows = what;
  }

  #link(client: Socket, server: Socket): void {
    const link: Link = { client, server, swallows: "nothing" };
    this.#links.add(link);
    const end = () => {
      // Half-open: neither end learns that the other has gone.
      if (link.swallows !== "nothing") return;
      this.#links.delete(link);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on("close", end).on("error", () => {});
    client.on("data", (bytes) => {
      if (link.swallows !== "everything") server.write(bytes);
    });
    server.on("data", (bytes) => {
      if (link.swallows !== "nothing") this.hungUp ||= bytes.includes(CLOSE_FRAME);
      else if (this.#cutBefore !== undefined && bytes.includes(this.#cutBefore)) {
        this.#cutBefore = undefined;
        this.cuts++;
        end();
      } else client.write(this.#heard(bytes));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  swallows: "nothing" | "everything" | "what the server says";
}
