import type { Environment } from "../environment/environment.ts";
import type { FunctionError } from "./errors.ts";
import type { Layer } from "./optimistic-answers.ts";
import type { WireArgs } from "./question.ts";

/** How many mutations may wait for the server, sent or not. */
export const MAX_PENDING = 1_000;
/** After how long a sent mutation without an outcome is given up, and an idle session is not used again. */
export const SESSION_LIFE = 12 * 60 * 60 * 1_000;

/** One call of a mutation, until it has both an outcome and its writes in our answers. */
export interface PendingMutation {
  readonly path: string;
  readonly args: WireArgs;
  readonly layer: Layer | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: FunctionError) => void;
  /** Its number in the session. Undefined until it is first sent; the same when it is sent again. */
  n: number | undefined;
  firstSentAt: number;
  /** Sent on this connection. */
  isOnWire: boolean;
  /** Undefined until the server says that it succeeded. A failure ends it at once. */
  success: { readonly value: unknown } | undefined;
  /** Do our answers contain its writes? */
  isReflected: boolean;
}

/**
 * Mutations that were called and have not ended, in the order called, and the session that numbers them.
 *
 * Not here: what their optimistic updates show (see OptimisticAnswers).
 */
export class PendingMutations {
  readonly #environment: Environment;
  #all: PendingMutation[] = [];
  #lastSent = 0;
  #usedAt = 0;
  #session: string | undefined;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Names this page to the server, so that what is sent twice runs once. */
  get session(): string {
    this.#session ??= this.#environment.randomId();
    return this.#session;
  }

  /** Has a mutation been sent under this session? Then the server has bound it to who we were. */
  get isSessionUsed(): boolean {
    return this.#lastSent > 0;
  }

  get size(): number {
    return this.#all.length;
  }

  get isFull(): boolean {
    return this.#all.length >= MAX_PENDING;
  }

  /** Would something be lost that the server has not seen, if the page went away now? */
  get hasUnsent(): boolean {
    return this.#all.some((mutation) => !mutation.isOnWire && mutation.success === undefined);
  }

  /** Mutations on the wire without an outcome. */
  get inFlight(): number {
    return this.#all.filter((mutation) => mutation.isOnWire && mutation.success === undefined).length;
  }

  /** The numbers of those that were sent and have not ended: the server says which of them its answers contain. */
  get undecided(): number[] {
    return this.#all.flatMap(({ n }) => n ?? []);
  }

  /** We have the outcome of every mutation up to this number. */
  get confirmedUpTo(): number {
    const oldest = this.#all.find((mutation) => mutation.success === undefined)?.n;
    return oldest === undefined ? this.#lastSent : oldest - 1;
  }

  /** When the oldest that was sent has to be given up; undefined when none was. */
  get givesUpAt(): number | undefined {
    const oldest = this.#all.find((mutation) => mutation.n !== undefined && mutation.success === undefined);
    return oldest && oldest.firstSentAt + SESSION_LIFE;
  }

  add(mutation: Pick<PendingMutation, "path" | "args" | "layer" | "resolve" | "reject">): void {
    const rest = { n: undefined, firstSentAt: 0, isOnWire: false, success: undefined, isReflected: false };
    this.#all.push({ ...mutation, ...rest });
  }

  /** The next to send; undefined when all are sent or `window` of them wait for an outcome. */
  toSend(window: number): PendingMutation | undefined {
    if (this.inFlight >= window) return undefined;
    return this.#all.find((mutation) => !mutation.isOnWire && mutation.success === undefined);
  }

  /** Gives it its number, the first time. */
  sent(mutation: PendingMutation): number {
    const now = this.#environment.now();
    if (mutation.n === undefined) mutation.firstSentAt = now;
    mutation.n ??= ++this.#lastSent;
    mutation.isOnWire = true;
    this.#usedAt = now;
    return mutation.n;
  }

  /** Returns it when that was the last thing to wait for. */
  succeeded(n: number, value: unknown): PendingMutation | undefined {
    const mutation = this.#byNumber(n);
    if (mutation === undefined) return undefined;
    mutation.success ??= { value };
    return mutation.isReflected ? this.remove(mutation) : undefined;
  }

  /** Returns it, ended. Undefined when it has an outcome already. */
  failed(n: number): PendingMutation | undefined {
    const mutation = this.#byNumber(n);
    return mutation && mutation.success === undefined ? this.remove(mutation) : undefined;
  }

  /** Our answers contain these now. Returns all of them that were still pending, those with an outcome ended. */
  reflected(numbers: readonly number[]): PendingMutation[] {
    const mutations = numbers.flatMap((n) => this.#byNumber(n) ?? []);
    for (const mutation of mutations) {
      mutation.isReflected = true;
      if (mutation.success) this.remove(mutation);
    }
    return mutations;
  }

  remove(mutation: PendingMutation): PendingMutation {
    this.#all = this.#all.filter((other) => other !== mutation);
    return mutation;
  }

  /** Nothing is on a wire any more: what has no outcome is sent again, under its number. */
  disconnected(): void {
    for (const mutation of this.#all) mutation.isOnWire = false;
  }

  /**
   * Whether the session is too old to go on with: the server forgets idle ones, and a mutation that was sent so long
   * ago cannot be decided any more. Nothing that was sent survives `renewSession`.
   */
  get isSessionOver(): boolean {
    const now = this.#environment.now();
    return (
      (this.givesUpAt ?? Number.POSITIVE_INFINITY) <= now ||
      (this.isIdle && this.isSessionUsed && this.#usedAt + SESSION_LIFE <= now)
    );
  }

  /** Sent mutations are numbered by the session, so a session that has none may be replaced without loss. */
  get isIdle(): boolean {
    return this.#all.every((mutation) => mutation.n === undefined);
  }

  /** Starts a new session. Returns what was sent under the old one: nobody will learn how it ended. */
  renewSession(): PendingMutation[] {
    const sent = this.#all.filter((mutation) => mutation.n !== undefined);
    this.#all = this.#all.filter((mutation) => mutation.n === undefined);
    this.#session = undefined;
    this.#lastSent = 0;
    return sent;
  }

  /** Takes all that are left. */
  takeAll(): PendingMutation[] {
    const all = this.#all;
    this.#all = [];
    return all;
  }

  #byNumber(n: number): PendingMutation | undefined {
    return this.#all.find((mutation) => mutation.n === n);
  }
}
