import type { ClientOptions } from "../../lib/client/client-options.ts";
import type { BrowserTab } from "../../lib/client/connection/browser-tab.ts";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import type { ClientMessage } from "../../lib/protocol/client-message.ts";
import type { Limits, ServerMessage, Transition } from "../../lib/protocol/server-message.ts";
import type { SocketLike } from "../../lib/protocol/socket.ts";
import { HandClock } from "../../lib/testing/hand-clock.ts";
import { SocketNetwork } from "../../lib/testing/socket-pair.ts";

/** A server that sends what the test tells it to. It sends `Connected` by itself unless `greets` is false. */
export class ScriptedServer {
  readonly clock = new HandClock();
  readonly network: SocketNetwork;
  readonly page = new ScriptedPage();
  epoch = "epoch-1";
  identity: string | null = null;
  limits: Limits = {
    subscriptions: 256,
    unacknowledgedMutations: 32,
    unacknowledgedBytes: 4 * 1024 * 1024,
    messagesPerSecond: 50,
    bytesPerSecond: 2 * 1024 * 1024,
    frameBytes: 1024 * 1024,
    queryArgsBytes: 16 * 1024,
    pingIntervalMs: 15_000,
    silenceTimeoutMs: 35_000,
  };
  greets = true;
  #socket: SocketLike | undefined;

  constructor() {
    this.network = new SocketNetwork(this.clock, (socket) => {
      this.#socket = socket;
      return {
        message: (text) => {
          if (this.greets && (JSON.parse(text) as ClientMessage).type === "Connect") this.greet();
        },
        closed: () => {},
      };
    });
  }

  client(options: ClientOptions = {}): ConvexClient {
    const { clock, page } = this;
    const { webSocketConstructor } = this.network;
    return new ConvexClient("http://test.local", { environment: clock, page, webSocketConstructor, ...options });
  }

  greet(): void {
    const { epoch, identity, limits } = this;
    this.say({ type: "Connected", epoch, identity, limits });
  }

  /** Sends a message on the newest connection. Call `settle` for it to arrive. */
  say(message: ServerMessage): void {
    this.#socket?.send({ text: JSON.stringify(message) });
  }

  /** Closes the newest connection with a close code. */
  closeWith(code: number): void {
    this.#socket?.close(code, "as the test wants");
  }

  async transition(transition: Omit<Transition, "type">): Promise<void> {
    this.say({ type: "Transition", ...transition });
    await settle();
  }

  /** The messages of one type that the client has sent on the newest connection. */
  heard<Type extends ClientMessage["type"]>(type: Type): Extract<ClientMessage, { type: Type }>[] {
    return this.network.last.saidByClient.filter((message) => message.type === type) as Extract<
      ClientMessage,
      { type: Type }
    >[];
  }

  /** Breaks the connection and lets the client reconnect. */
  async reconnect(): Promise<void> {
    this.network.cut();
    this.clock.advance(10_000);
    await settle();
  }
}

/** A page whose events the test triggers. */
export class ScriptedPage implements BrowserTab {
  visible = true;
  asking = 0;
  readonly #listeners = new Set<{ returned: () => void; offline: () => void }>();

  get listeners(): number {
    return this.#listeners.size;
  }

  isVisible(): boolean {
    return this.visible;
  }

  watchNetwork(returned: () => void, offline: () => void): () => void {
    const listener = { returned, offline };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  askBeforeLeaving(): () => void {
    this.asking++;
    return () => this.asking--;
  }

  comesBack(): void {
    for (const { returned } of this.#listeners) returned();
  }

  goesOffline(): void {
    for (const { offline } of this.#listeners) offline();
  }
}

/** Lets all waiting microtasks run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}
