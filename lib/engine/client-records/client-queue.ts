import type { Caller } from "../../auth/caller.ts";
import type { Environment } from "../../environment/environment.ts";
import type { SessionRecord } from "./client-record.ts";
import type { MutationRequest, MutationSession, Mutations } from "./mutations.ts";

/** The socket that speaks for a client session at the moment. */
export interface Spokesman {
  /** The mutation has committed: it is reflected by every state at this position or later. */
  committed(request: number, position: number): void;
  decided(request: number, outcome: string): void;
  /** Another socket speaks for the session now. */
  takenOver(): void;
  /** An outcome could not be recorded: the client must come back and send again. */
  notRecorded(): void;
}

export interface ClientSessionParts {
  readonly environment: Environment;
  readonly mutations: Mutations;
  /** Nobody speaks for it, and none of its mutations runs. */
  idle(session: ClientSession): void;
}

/**
 * One page's mutations on this server, in the order they were called, one after the other. It outlives its sockets:
 * what a lost socket had started runs to its end, and the next socket gets the outcome.
 */
export class ClientSession implements MutationSession {
  readonly id: string;
  readonly caller: Caller;
  record: SessionRecord | undefined = undefined;
  readonly #parts: ClientSessionParts;
  #spokesman: Spokesman | undefined;
  #queue: MutationRequest[] = [];
  #running: MutationRequest | undefined;
  /** Works off the queue. Undefined until the first mutation. */
  #work: Promise<void> | undefined;

  constructor(id: string, caller: Caller, parts: ClientSessionParts) {
    this.id = id;
    this.caller = caller;
    this.#parts = parts;
  }

  /** From now on this socket speaks for the session. What another had sent and nobody has begun is forgotten: it will be resent. */
  attach(spokesman: Spokesman): void {
    const before = this.#spokesman;
    this.#spokesman = spokesman;
    this.#queue = [];
    if (before && before !== spokesman) before.takenOver();
  }

  detach(spokesman: Spokesman): void {
    if (this.#spokesman !== spokesman) return;
    this.#spokesman = undefined;
    this.#queue = [];
    this.#restIfIdle();
  }

  /** Forgets the mutations that `spokesman` has sent and that are not begun. @returns whether there were any. */
  forgetWaiting(spokesman: Spokesman): boolean {
    if (this.#spokesman !== spokesman || this.#queue.length === 0) return false;
    this.#queue = [];
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

  /** Resolves when no mutation waits or runs. Never rejects. */
  async settled(): Promise<void> {
    while (this.pending > 0) await this.#work;
  }

  /** Takes a mutation in. One that runs or waits already is joined: its outcome will be told once, to whoever speaks then. */
  submit(request: MutationRequest): void {
    if (this.#running?.n === request.n || this.#queue.some((queued) => queued.n === request.n)) return;
    this.#queue.push(request);
    if (!this.#running) this.#work = this.#workOff();
  }

  async #workOff(): Promise<void> {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      this.#running = next;
      const { n } = next;
      try {
        let isTold = false;
        const { outcome, position } = await this.#parts.mutations.decide(this, next, (at) => {
          isTold = true;
          this.#spokesman?.committed(n, at);
        });
        if (!isTold && position !== undefined) this.#spokesman?.committed(n, position);
        this.#spokesman?.decided(n, outcome);
      } catch (error) {
        this.#parts.environment.log.error("The outcome of a mutation could not be recorded", { error });
        this.record = undefined;
        this.#queue = [];
        this.#spokesman?.notRecorded();
      } finally {
        this.#running = undefined;
      }
    }
    this.#restIfIdle();
  }

  #restIfIdle(): void {
    if (!this.#spokesman && !this.#running) this.#parts.idle(this);
  }
}
