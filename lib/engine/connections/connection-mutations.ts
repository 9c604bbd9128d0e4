import type { Caller } from "../../auth/caller.ts";
import type { Connect, Mutate } from "../../protocol/client-message.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import { encodeMutationReply, isSuccess } from "../../protocol/encode.ts";
import type { WireError } from "../../protocol/outcome.ts";
import type { ClientQueue, QueueListener } from "../client-records/client-queue.ts";
import type { ClientQueues } from "../client-records/client-queues.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { SocketWriter } from "../sockets/socket-writer.ts";
import type { ClientView } from "../views/client-view.ts";

export interface ConnectionMutationsParts {
  readonly limits: EngineLimits;
  readonly clientQueues: ClientQueues;
}

/** The connection, as far as its mutations need it. */
export interface ConnectionMutationsPort {
  /** What the client watches, and is told. */
  readonly view: ClientView;
  /** An outcome has been told: of the mutations that this socket has sent, none runs until the next begins. */
  mutationTold(): void;
  /** A mutation takes no room any more. */
  callEnded(): void;
  close(code: number, reason: string): void;
}

/**
 * The mutations that arrive on one connection: each goes to the queue of the client id, and its outcome to the socket.
 *
 * Not here: their order, and what waits when the socket is lost (see `ClientQueue`).
 */
export class ConnectionMutations implements QueueListener {
  readonly #parts: ConnectionMutationsParts;
  readonly #writer: SocketWriter;
  readonly #port: ConnectionMutationsPort;
  readonly #queue: ClientQueue;
  /**
   * Defined if the client id belongs to another identity than that of this socket: none of its mutations may run. The
   * numbers of those that it had sent before.
   */
  readonly #foreign: ReadonlySet<number> | undefined;

  /** From now on the outcomes of this client id are sent to this socket. */
  constructor(
    parts: ConnectionMutationsParts,
    { clientId, identity, undecided }: Connect,
    caller: Caller,
    writer: SocketWriter,
    port: ConnectionMutationsPort,
  ) {
    this.#parts = parts;
    this.#writer = writer;
    this.#port = port;
    if (identity !== undefined && identity !== caller.fingerprint) this.#foreign = new Set(undecided);
    this.#queue = parts.clientQueues.attach(clientId, caller, this);
  }

  get clientId(): string {
    return this.#queue.id;
  }

  /** Does the client id belong to another identity than that of this socket? */
  get areForeign(): boolean {
    return this.#foreign !== undefined;
  }

  /** Does one run whose outcome is not told yet? */
  get isRunning(): boolean {
    return this.#queue.isRunning;
  }

  /** What those weigh that wait or run. */
  get pendingWeight(): number {
    return this.#queue.pendingWeight;
  }

  // ── to the queue ──

  submit({ request, path, args, confirmedUpTo }: Mutate, weight: number): void {
    const { queuedMutations } = this.#parts.limits;
    if (this.#foreign) return this.#refuse(request, this.#foreign);
    if (this.#queue.pending >= queuedMutations) {
      return this.#port.close(CloseCode.tooMany, `A client may have ${queuedMutations} mutations waiting.`);
    }
    this.#port.view.arrived(request);
    this.#queue.submit({ number: request, path, args, confirmedUpTo, weight });
  }

  #refuse(request: number, sentBefore: ReadonlySet<number>): void {
    const error: WireError = sentBefore.has(request)
      ? { kind: "unavailable", reason: "outcomeUnknown", message: "It was sent under another identity." }
      : { kind: "unavailable", reason: "identityChanged", message: "Another identity is signed in. It was not run." };
    this.#writer.say({ type: "MutationFailed", request, error });
  }

  /** Forgets those that are not begun. @returns whether there were any. */
  forgetWaiting(): boolean {
    return this.#queue.forgetWaiting(this);
  }

  /** The socket is gone: what runs is finished, what waits is forgotten. */
  detach(): void {
    this.#queue.detach(this);
  }

  // ── from the queue ──

  committed(request: number, revision: number): void {
    this.#port.view.committed(request, revision);
  }

  decided(request: number, outcome: string): void {
    const reply = () => this.#writer.reply(encodeMutationReply(request, outcome));
    if (isSuccess(outcome)) this.#port.view.succeeded(request, reply);
    else {
      this.#port.view.failed(request);
      reply();
    }
    this.#port.mutationTold();
  }

  ended(): void {
    this.#port.callEnded();
  }

  takenOver(): void {
    this.#port.close(CloseCode.clientIdTakenOver, "Another socket has taken over this client id.");
  }

  notRecorded(): void {
    this.#port.close(CloseCode.serviceRestart, "The database cannot be reached.");
  }
}
