import type { Caller } from "../../auth/caller.ts";
import type { Environment } from "../../environment/environment.ts";
import type { MessageBudget } from "../run/message-budget.ts";
import type { ClientRecord } from "./client-record.ts";
import type { MutationRequest, Mutations, RecordedClient } from "./mutations.ts";

/** Is told how a client's mutations end: the client's socket. */
export interface QueueListener {
  /** The mutation has committed: it is reflected by every state at this revision or later. */
  committed(request: number, revision: number): void;
  decided(request: number, outcome: string): void;
  /** A mutation takes no room any more. */
  ended(): void;
  /** Another socket has this client id now. */
  takenOver(): void;
  /** An outcome could not be recorded: the client must come back and send again. */
  notRecorded(): void;
}

export interface ClientQueueParts {
  readonly messageBudget: MessageBudget;
  readonly environment: Environment;
  readonly mutations: Mutations;
  /** It has no listener, and none of its mutations runs. */
  idle(queue: ClientQueue): void;
}

/**
 * One page's mutations on this server, in the order they were called, one after the other. It outlives its sockets:
 * what a lost socket had started runs to its end, and the next socket gets the outcome.
 */
export class ClientQueue implements RecordedClient {
  readonly id: string;
  readonly caller: Caller;
  record: ClientRecord | undefined = undefined;
  readonly #parts: ClientQueueParts;
  #listener: QueueListener | undefined;
  #queue: MutationRequest[] = [];
  #running: MutationRequest | undefined;
  /** Works off the queue. Undefined until the first mutation. */
  #work: Promise<void> | undefined;
  #isWorking = false;

  constructor(id: string, caller: Caller, parts: ClientQueueParts) {
    this.id = id;
    this.caller = caller;
    this.#parts = parts;
  }

  /** From now on this socket is told of the outcomes. What another one had sent and is not begun is forgotten: the client sends it again. */
  attach(listener: QueueListener): void {
    const before = this.#listener;
    this.#listener = listener;
    this.#forgetQueue();
    if (before && before !== listener) before.takenOver();
  }

  detach(listener: QueueListener): void {
    if (this.#listener !== listener) return;
    this.#listener = undefined;
    this.#forgetQueue();
    this.#restIfIdle();
  }

  /** Forgets the mutations that `listener` has sent and that are not begun. @returns whether there were any. */
  forgetWaiting(listener: QueueListener): boolean {
    if (this.#listener !== listener || this.#queue.length === 0) return false;
    this.#forgetQueue();
    return true;
  }

  /** Does a mutation run whose outcome is not told yet? */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Mutations that wait or run. */
  get pending(): number {
    return this.#queue.length + (this.#running ? 1 : 0);
  }

  /** What they weigh together. */
  get pendingWeight(): number {
    return this.#queue.reduce((sum, { weight }) => sum + weight, this.#running?.weight ?? 0);
  }

  /** Resolves when no mutation waits or runs. Never rejects. */
  async settled(): Promise<void> {
    while (this.pending > 0) await this.#work;
  }

  /** Takes a mutation in. One that runs or waits already is joined: its outcome will be told once, to the listener of that moment. */
  submit(request: MutationRequest): void {
    if (this.#running?.number === request.number || this.#queue.some((queued) => queued.number === request.number))
      return;
    this.#queue.push(request);
    this.#parts.messageBudget.take(request.weight);
    if (!this.#isWorking) this.#work = this.#workOff();
  }

  async #workOff(): Promise<void> {
    this.#isWorking = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      this.#running = next;
      const { number } = next;
      try {
        let isTold = false;
        const { outcome, revision } = await this.#parts.mutations.apply(this, next, (revision) => {
          isTold = true;
          this.#listener?.committed(number, revision);
        });
        if (!isTold && revision !== undefined) this.#listener?.committed(number, revision);
        this.#listener?.decided(number, outcome);
      } catch (error) {
        this.#parts.environment.log.error("The outcome of a mutation could not be recorded", { error });
        this.record = undefined;
        this.#forgetQueue();
        this.#listener?.notRecorded();
      } finally {
        this.#running = undefined;
        this.#parts.messageBudget.release(next.weight);
        this.#listener?.ended();
      }
    }
    this.#isWorking = false;
    this.#restIfIdle();
  }

  #forgetQueue(): void {
    const forgotten = this.#queue;
    this.#queue = [];
    for (const { weight } of forgotten) this.#parts.messageBudget.release(weight);
  }

  #restIfIdle(): void {
    if (!this.#listener && !this.#running) this.#parts.idle(this);
  }
}
