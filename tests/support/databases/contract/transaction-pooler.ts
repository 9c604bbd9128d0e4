import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

const SYNC = "S".charCodeAt(0);
const QUERY = "Q".charCodeAt(0);
const READY = "Z".charCodeAt(0);
const TERMINATE = "X".charCodeAt(0);
const IDLE = "I".charCodeAt(0);

/** Splits bytes of PostgreSQL's protocol into messages. */
class Messages {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: Buffer[] = [];
    for (;;) {
      const length = this.#rest.length < 5 ? Number.POSITIVE_INFINITY : 1 + this.#rest.readInt32BE(1);
      if (this.#rest.length < length) return messages;
      messages.push(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
  }
}

/** A session of the server, lent to one client at a time. */
class Session {
  readonly #socket: Socket;
  readonly #messages = new Messages();
  readonly #greeting: Buffer[] = [];
  readonly greeted: Promise<Buffer>;
  #client: Socket | undefined;
  /** Queries that the server has not answered completely. */
  #open = 0;

  constructor(port: number, startup: Buffer, ended: () => void) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("error", () => {});
    this.#socket.write(startup);
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    this.greeted = promise;
    this.#socket.on("data", (chunk) => {
      for (const message of this.#messages.push(chunk)) {
        if (this.#client) this.#client.write(message);
        else this.#greeting.push(message);
        if (message[0] !== READY) continue;
        resolve(Buffer.concat(this.#greeting));
        if (this.#client && --this.#open === 0 && message[5] === IDLE) {
          this.#client = undefined;
          ended();
        }
      }
    });
  }

  get client(): Socket | undefined {
    return this.#client;
  }

  send(client: Socket, message: Buffer): void {
    this.#client = client;
    if (message[0] === SYNC || message[0] === QUERY) this.#open++;
    this.#socket.write(message);
  }

  close(): void {
    this.#socket.destroy();
  }
}

export interface TransactionPooler extends AsyncDisposable {
  readonly port: number;
}

/** Starts a pooler like PgBouncer in transaction mode: each transaction gets the session that was idle for longest. */
export async function startTransactionPooler(to: number, sessions: number): Promise<TransactionPooler> {
  const all: Session[] = [];
  const idle: Session[] = [];
  const waiting: (() => void)[] = [];
  const serve = (client: Socket) => {
    const messages = new Messages();
    const unsent: Buffer[] = [];
    let isStarted = false;
    const pass = (): void => {
      while (unsent.length > 0) {
        const session = all.find((each) => each.client === client) ?? idle.shift();
        if (!session) {
          waiting.push(pass);
          return;
        }
        session.send(client, unsent.shift() as Buffer);
      }
    };
    client.on("error", () => {});
    client.on("data", async (chunk) => {
      if (!isStarted) {
        isStarted = true;
        while (all.length < sessions) {
          const session = new Session(to, chunk, () => {
            idle.push(session);
            waiting.shift()?.();
          });
          all.push(session);
          await session.greeted;
          idle.push(session);
        }
        client.write(await (all[0] as Session).greeted);
        return;
      }
      unsent.push(...messages.push(chunk).filter((message) => message[0] !== TERMINATE));
      pass();
    });
  };
  const server = createServer(serve);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const session of all) session.close();
      await new Promise((closed) => server.close(closed));
    },
  };
}
