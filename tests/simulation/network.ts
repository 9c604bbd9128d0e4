import type { ClientSocket, WebSocketConstructor } from "../../lib/client/connection/client-socket.ts";
import type { Frame, SocketEvents, SocketLike } from "../../lib/protocol/socket.ts";
import type { SimulationClock } from "./simulation-clock.ts";

/** How bad the network is: chances in [0, 1] for each message, and milliseconds. */
export interface NetworkFaults {
  /** The longest that a message takes. */
  latency: number;
  /** The connection breaks with this message on its way. */
  cut: number;
  /** From this message on nothing arrives, for a while, and neither end is told. */
  stall: number;
}

/** Milliseconds: longer than either end waits for a sign of life. */
export const LONGEST_STALL = 45_000;

/** The server takes a socket, opened by this caller. */
export type Accept = (socket: SocketLike, who: string) => SocketEvents;

const BROKEN = 1006;
/** Factor on the size of messages, which are small here: a short stall then counts as a megabyte of unread bytes. */
const WEIGHT = 1_000;
/** As the engine promises: nothing but answers to calls is sent above this (`pauseAboveBytes`). */
const PAUSE = 1024 * 1024;

/** Where a client's sockets come from. Within one connection messages keep their order, as TCP sees to it. */
export class Network {
  faults: NetworkFaults;
  readonly webSocketConstructor: WebSocketConstructor;
  /** What the server did that it must not do. */
  readonly broken: string[] = [];
  readonly connections: Connection[] = [];
  /** The caller of the sockets that are opened from here on. */
  who: string;
  /** Called when Connected arrives, with the caller. `tell` hands the message to the client. */
  onConnected: (who: string, tell: () => void) => void = (_, tell) => tell();
  /** Told of everything that arrives, for a failing seed to be understood. */
  trace: (line: string) => void = () => {};

  constructor(clock: SimulationClock, faults: NetworkFaults, who: string, accept: Accept) {
    this.faults = faults;
    this.who = who;
    const open = (): ClientSocket => {
      const connection = new Connection(clock, this, accept);
      this.connections.push(connection);
      return connection;
    };
    this.webSocketConstructor = class {
      constructor() {
        // biome-ignore lint/correctness/noConstructorReturn: a constructor is what a client expects
        return open() as never;
      }
    } as unknown as WebSocketConstructor;
  }

  /** Breaks every open connection. */
  cut(): void {
    for (const connection of this.connections) connection.cut();
  }
}

type Listener = (event: never) => void;

/** Messages on their way to one end. */
interface Direction {
  /** When the last message arrives: the next one comes no earlier. */
  last: number;
  readonly messages: (() => void)[];
}

/** One connection; as an object, the client's end of it. */
class Connection implements ClientSocket {
  readonly #clock: SimulationClock;
  readonly #network: Network;
  readonly #listeners = new Map<string, Listener[]>();
  #server: SocketEvents | undefined;
  /** Its caller, as the server saw it when it was opened: the page may have another one since. */
  #who = "";
  #clientIsOver = false;
  #serverIsOver = false;
  readonly #upwards: Direction = { last: 0, messages: [] };
  readonly #downwards: Direction = { last: 0, messages: [] };
  readonly #number: number;
  #isCut = false;
  #buffered = 0;

  constructor(clock: SimulationClock, network: Network, accept: Accept) {
    this.#clock = clock;
    this.#network = network;
    this.#number = network.connections.length + 1;
    this.#toServer(() => {
      if (this.#clientIsOver) return;
      this.#who = network.who;
      this.#server = accept(this.#socketOfServer(), this.#who);
      this.#toClient(() => this.#emit("open", undefined));
    });
  }

  // ── the client's end ──

  send(text: string): void {
    if (this.#clientIsOver) return;
    this.#toServer(() => {
      this.#network.trace(`#${this.#number} → ${text}`);
      this.#server?.message(text);
    });
    this.#perhapsGoWrong();
  }

  close(): void {
    if (this.#clientIsOver) return;
    this.#clientIsOver = true;
    this.#toServer(() => this.#endServer());
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  /** Breaks the connection. Each end learns of it after a delay of its own; messages on their way are lost. */
  cut(): void {
    const { latency } = this.#network.faults;
    if (!this.#clientIsOver) {
      this.#clock.after(this.#clock.pick(latency + 1), () => this.#endClient(BROKEN, ""));
    }
    // The server may learn of it late, when the client has reconnected already.
    if (!this.#serverIsOver) this.#clock.after(this.#clock.pick(4 * latency + 1), () => this.#endServer());
    this.#isCut = true;
  }

  // ── the server's end ──

  #socketOfServer(): SocketLike {
    const bytes = () => this.#buffered * WEIGHT;
    return {
      get bufferedAmount() {
        return bytes();
      },
      send: (frame) => this.#sendToClient(frame),
      pause() {},
      resume() {},
      close: (code, reason) => {
        this.#serverIsOver = true;
        this.#toClient(() => this.#endClient(code, reason));
      },
    };
  }

  #sendToClient({ text }: Frame): void {
    if (this.#serverIsOver) return;
    if (/^{"type":"(Transition|Patch)"/.test(text) && this.#buffered * WEIGHT > PAUSE) {
      this.#network.broken.push(
        `a transition was sent to a client that had ${this.#buffered * WEIGHT} bytes to read (G11)`,
      );
    }
    this.#mustBeForWhoItIs(text);
    this.#buffered += text.length;
    this.#toClient(() => {
      this.#buffered -= text.length;
      this.#network.trace(`#${this.#number} ← ${text}`);
      const tell = () => this.#emit("message", { data: text });
      if (text.startsWith('{"type":"Connected"')) this.#network.onConnected(this.#who, tell);
      else tell();
    });
    this.#perhapsGoWrong();
  }

  /** The answer of `mine` holds the caller that it was computed for. */
  #mustBeForWhoItIs(text: string): void {
    for (const [, who] of text.matchAll(/"who":"(\w+)"/g)) {
      if (who !== this.#who) this.#network.broken.push(`an answer computed for ${who} was sent to ${this.#who} (G8)`);
    }
  }

  // ── on the way ──

  #toServer(arrive: () => void): void {
    this.#deliver(this.#upwards, () => {
      if (!this.#serverIsOver) arrive();
    });
  }

  #toClient(arrive: () => void): void {
    this.#deliver(this.#downwards, () => {
      if (!this.#clientIsOver) arrive();
    });
  }

  /** Each message has a time to arrive, none before the one before it; the first to arrive is the oldest. */
  #deliver(direction: Direction, arrive: () => void): void {
    direction.last = Math.max(direction.last, this.#clock.now + this.#clock.pick(this.#network.faults.latency + 1));
    direction.messages.push(arrive);
    this.#clock.after(direction.last - this.#clock.now, () => {
      const oldest = direction.messages.shift();
      if (!this.#isCut) oldest?.();
    });
  }

  #perhapsGoWrong(): void {
    const { cut, stall } = this.#network.faults;
    const chance = this.#clock.chance();
    if (chance < cut) this.cut();
    else if (chance < cut + stall) this.#stall(100 + this.#clock.pick(LONGEST_STALL - 100));
  }

  /** Delays every message that is sent from now on by at least so long, at both ends. */
  #stall(ms: number): void {
    const until = this.#clock.now + ms;
    this.#upwards.last = Math.max(this.#upwards.last, until);
    this.#downwards.last = Math.max(this.#downwards.last, until);
  }

  #endClient(code: number, reason: string): void {
    if (this.#clientIsOver) return;
    this.#clientIsOver = true;
    this.#emit("close", { code, reason });
  }

  #endServer(): void {
    if (this.#serverIsOver) return;
    this.#serverIsOver = true;
    this.#server?.closed();
  }

  #emit(type: string, event: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}
