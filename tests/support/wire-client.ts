import type { Engine } from "../../lib/engine/engine.ts";
import type { Identity } from "../../lib/functions/context.ts";
import type { ClientMessage } from "../../lib/protocol/client-message.ts";
import { type Patch, type ServerMessage, serverMessage, type Transition } from "../../lib/protocol/server-message.ts";
import type { Frame, SocketEvents, SocketLike } from "../../lib/protocol/socket.ts";
import { fromWire } from "../../lib/values/wire.ts";

/**
 * A client without logic of its own, for tests of the wire: it sends what it is told to, and keeps what it receives.
 */
export class WireClient implements SocketLike {
  readonly received: ServerMessage[] = [];
  readonly texts: string[] = [];
  readonly frames: Frame[] = [];
  bufferedAmount = 0;
  /** Does the engine not read what it sends? */
  isPaused = false;
  closedWith: { code: number; reason: string } | undefined;
  /** Under which it has connected. */
  clientId = "";
  readonly #events: SocketEvents;
  /** Sent while the engine did not read. */
  readonly #unread: string[] = [];
  readonly #values = new Map<number, unknown>();
  readonly #waiting: { found: () => boolean; resolve: () => void }[] = [];

  /** @param address Of the client's machine, if it is one that can be trusted. */
  constructor(engine: Engine, caller: Identity | null = null, address?: string) {
    this.#events = engine.opened(this, caller, { address });
  }

  // ── as the engine sees it ──

  send(frame: Frame): void {
    this.frames.push(frame);
    this.texts.push(frame.text);
    const message = serverMessage.parse(JSON.parse(frame.text));
    this.received.push(message);
    const transition = transitionIn(message);
    if (transition) this.#apply(transition);
    this.#wakeWaiting();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    while (this.#unread.length > 0 && !this.isPaused) this.#events.message(this.#unread.shift() as string);
  }

  close(code: number, reason: string): void {
    this.closedWith ??= { code, reason };
    this.#wakeWaiting();
  }

  // ── as a test sees it ──

  say(message: ClientMessage): void {
    this.sayText(JSON.stringify(message));
  }

  sayText(text: string): void {
    if (this.isPaused) this.#unread.push(text);
    else this.#events.message(text);
  }

  connect(clientId: string, more: { undecided?: number[]; identity?: string | null } = {}): this {
    this.clientId = clientId;
    this.say({ type: "Connect", protocol: 4, clientId, ...more });
    return this;
  }

  /** The socket closes without a close frame. */
  cut(): void {
    this.#events.closed();
  }

  subscribe(query: number, path: string, args: Record<string, never> | object = {}, token?: string): void {
    const wanted = { query, path, args: args as Record<string, never>, ...(token !== undefined && { token }) };
    this.say({ type: "Subscribe", queries: [wanted] });
  }

  mutate(request: number, path: string, args: object = {}, confirmedUpTo = 0): void {
    this.say({ type: "Mutate", request, path, args: args as Record<string, never>, confirmedUpTo });
  }

  /** The last value of the live query that this query is mapped to. */
  value(query: number): unknown {
    const live = this.#maps.get(query);
    return live === undefined ? undefined : this.#values.get(live);
  }

  /** A `Patch` as the transition that it stands for. */
  get transitions(): Transition[] {
    return this.received.flatMap((message) => transitionIn(message) ?? []);
  }

  ofType<Type extends ServerMessage["type"]>(type: Type): Extract<ServerMessage, { type: Type }>[] {
    return this.received.filter((message) => message.type === type) as Extract<ServerMessage, { type: Type }>[];
  }

  /** Resolves once `found` is true; it is asked again after each message. */
  async until(found: () => boolean): Promise<void> {
    if (!found()) await new Promise<void>((resolve) => this.#waiting.push({ found, resolve }));
  }

  readonly #maps = new Map<number, number>();

  #apply(transition: Transition): void {
    for (const [query, live] of transition.maps ?? []) this.#maps.set(query, live);
    for (const answer of transition.answers ?? []) {
      if ("error" in answer) this.#values.set(answer.live, answer.error);
      else if ("value" in answer) this.#values.set(answer.live, fromWire(answer.value));
      else this.#patch(answer);
    }
  }

  /** Follows PROTOCOL.md, but checks no token. A value of which it only sent the token stays unknown. */
  #patch({ live, splices, around }: Patch): void {
    const before = this.#values.get(live) as unknown[] | Record<string, unknown> | undefined;
    if (before === undefined) return;
    const key = Array.isArray(before) ? undefined : longestList(before);
    const rows = [...((key === undefined ? before : (before as Record<string, unknown>)[key]) as unknown[])];
    const { length } = rows;
    for (const [at, removed, ...inserted] of [...splices].reverse()) {
      rows.splice(at < 0 ? length + 1 + at : at, removed, ...(fromWire(inserted) as unknown[]));
    }
    const others = around ? (fromWire(around) as object) : before;
    this.#values.set(live, key === undefined ? rows : { ...others, [key]: rows });
  }

  #wakeWaiting(): void {
    for (const waiting of [...this.#waiting]) {
      if (!waiting.found()) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
  }
}

/** What moves the client's queries. A `Patch` is a transition with nothing else in it. */
function transitionIn(message: ServerMessage): Transition | undefined {
  if (message.type === "Patch") return { type: "Transition", at: message.at, answers: [message] };
  return message.type === "Transition" ? message : undefined;
}

function longestList(value: Record<string, unknown>): string | undefined {
  const lists = Object.entries(value).filter(([, list]) => Array.isArray(list)) as [string, unknown[]][];
  return lists.sort(([, a], [, b]) => b.length - a.length)[0]?.[0];
}
