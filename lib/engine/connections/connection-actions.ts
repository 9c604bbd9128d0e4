import type { Caller } from "../../auth/caller.ts";
import type { Act } from "../../protocol/client-message.ts";
import { encodeActionReply } from "../../protocol/encode.ts";
import type { WireError } from "../../protocol/outcome.ts";
import type { Wire } from "../../values/wire.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { MessageBudget } from "../run/message-budget.ts";
import type { SocketWriter } from "../sockets/socket-writer.ts";

export interface ConnectionActionsParts {
  readonly limits: EngineLimits;
  readonly messageBudget: MessageBudget;
  /** Runs an action to its end, or refuses it. Never rejects. @param source The address and the signal of the connection. */
  runAction(
    path: string,
    args: Record<string, Wire>,
    caller: Caller,
    source: { address: string | undefined; signal: AbortSignal },
  ): Promise<{ ok: true; value: string } | { ok: false; error: WireError }>;
}

/** The connection, as far as its actions need it. */
export interface ConnectionActionsPort {
  /** An outcome has been told, and its action does not run any more. */
  actionTold(): void;
}

/** The actions that were asked for on one connection: they run side by side, so many at a time. */
export class ConnectionActions {
  readonly #parts: ConnectionActionsParts;
  readonly #caller: Caller;
  readonly #writer: SocketWriter;
  readonly #port: ConnectionActionsPort;
  readonly #address: string | undefined;
  /** Tells those that run that the connection is gone. Undefined until the first one. */
  #gone: AbortController | undefined;
  #running = 0;
  #weight = 0;

  /**
   * @param address Of the client, if it is one that can be trusted.
   */
  constructor(
    parts: ConnectionActionsParts,
    caller: Caller,
    address: string | undefined,
    writer: SocketWriter,
    port: ConnectionActionsPort,
  ) {
    this.#parts = parts;
    this.#caller = caller;
    this.#address = address;
    this.#writer = writer;
    this.#port = port;
  }

  /** Does one run whose outcome is not told yet? */
  get isRunning(): boolean {
    return this.#running > 0;
  }

  /** What those weigh that run. */
  get weight(): number {
    return this.#weight;
  }

  /** Runs an action and tells its outcome, or refuses it. Never rejects. */
  async run({ request, path, args }: Act, weight: number): Promise<void> {
    if (this.#running >= this.#parts.limits.runningActions) return this.#refuse(request);
    this.#running++;
    this.#weight += weight;
    this.#parts.messageBudget.take(weight);
    this.#gone ??= new AbortController();
    const source = { address: this.#address, signal: this.#gone.signal };
    const outcome = await this.#parts.runAction(path, args, this.#caller, source);
    this.#running--;
    this.#weight -= weight;
    this.#parts.messageBudget.release(weight);
    if (outcome.ok) this.#writer.reply(encodeActionReply(request, outcome.value));
    else this.#writer.say({ type: "ActionFailed", request, error: outcome.error });
    this.#port.actionTold();
  }

  /** The connection is gone: what runs is told so, and goes on if it does not mind. */
  close(): void {
    this.#gone?.abort();
  }

  #refuse(request: number): void {
    const message = `A client may run ${this.#parts.limits.runningActions} actions at a time.`;
    this.#writer.say({ type: "ActionFailed", request, error: { kind: "unavailable", reason: "overloaded", message } });
  }
}
