import type { ServerMessage, Transition } from "../../lib/protocol/server-message.ts";
import { TOKEN_LENGTH } from "../../lib/protocol/token-length.ts";
import { within } from "../within.ts";
import { LoadSocket } from "./load-socket.ts";
import { connect, newClientId, PONG, subscribe } from "./speech.ts";

/** A message that was received, and its size on the wire. A `Patch` is read as the transition that it stands for. */
export interface Read {
  message: ServerMessage;
  /** The bytes of its frame, header included. */
  bytes: number;
}

/** A client of convex-lite that parses and keeps what it receives. It is for few clients, whose bytes are counted. */
export class Listener {
  readonly clientId: string;
  readonly #channels: readonly string[];
  readonly #reads: Read[] = [];
  #socket: LoadSocket | undefined;
  #news: () => void = () => {};
  /** Bytes of the frames that it sent. */
  sent = { connect: 0, subscribe: 0 };

  constructor(channels: readonly string[], clientId = newClientId()) {
    this.#channels = channels;
    this.clientId = clientId;
  }

  /** Connects and subscribes. @param tokens The tokens of the answers that it has, in the order of its channels. */
  async connect(port: number, tokens: readonly string[] = []): Promise<void> {
    const socket = await LoadSocket.open({ port, path: "/api/sync" }, this.#hear);
    this.#socket = socket;
    socket.say(connect(this.clientId));
    this.sent = { connect: socket.traffic.up, subscribe: 0 };
    socket.say(subscribe(this.#channels.map((channel, i) => withToken(channel, tokens[i]))));
    this.sent.subscribe = socket.traffic.up - this.sent.connect;
  }

  get upgradeBytes(): number {
    const { upgradeDown = 0, upgradeUp = 0 } = this.#socket?.traffic ?? {};
    return upgradeDown + upgradeUp;
  }

  /** The messages of one type that it has received. */
  reads<Type extends ServerMessage["type"]>(
    type: Type,
  ): { message: Extract<ServerMessage, { type: Type }>; bytes: number }[] {
    return this.#reads.filter(({ message }) => message.type === type) as never;
  }

  bytesOf(type: ServerMessage["type"]): number {
    return this.reads(type).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Resolves when `count` transitions have arrived. */
  async transitions(count: number): Promise<{ message: Transition; bytes: number }[]> {
    while (this.reads("Transition").length < count) {
      await within(
        20,
        "A transition",
        new Promise<void>((resolve) => {
          this.#news = resolve;
        }),
      );
    }
    return this.reads("Transition");
  }

  /** Resolves when every channel is mapped to a live query. */
  async subscribed(): Promise<void> {
    const mapped = () => this.reads("Transition").flatMap(({ message }) => message.maps ?? []).length;
    for (let count = 1; mapped() < this.#channels.length; count++) await this.transitions(count);
  }

  /** The tokens of its answers, in the order of its channels. */
  get tokens(): string[] {
    const transitions = this.reads("Transition").map(({ message }) => message);
    const live = new Map(transitions.flatMap(({ maps = [] }) => maps));
    const answers = transitions.flatMap(({ answers = [] }) => answers);
    return this.#channels.map((_, i) => {
      const answer = answers.find((answer) => answer.live === live.get(i + 1));
      return answer && "token" in answer ? answer.token.slice(0, TOKEN_LENGTH) : "";
    });
  }

  cut(): void {
    this.#socket?.cut();
  }

  readonly #hear = (payload: Buffer, socket: LoadSocket): void => {
    const message = JSON.parse(payload.toString()) as ServerMessage;
    if (message.type === "Ping") return socket.say(PONG);
    this.#reads.push({ message: asTransition(message), bytes: payload.length + headerBytes(payload.length) });
    this.#news();
  };
}

/** A `Patch` as the transition that it stands for. */
function asTransition(message: ServerMessage): ServerMessage {
  if (message.type !== "Patch") return message;
  return { type: "Transition", at: message.at, answers: [message] };
}

function headerBytes(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

function withToken(channel: string, token: string | undefined): { channel: string; token?: string } {
  return token === undefined ? { channel } : { channel, token };
}
