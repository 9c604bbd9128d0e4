import type { Environment } from "../../environment/environment.ts";
import type { Act, Connect, Mutate } from "../../protocol/client-message.ts";
import { type FunctionError, UnavailableError } from "../../protocol/function-error.ts";
import type { UnavailableReason } from "../../protocol/outcome.ts";
import type { WireArgs } from "./named-call.ts";
import type { OptimisticLocalStore } from "./optimistic-update.ts";

/** After how long a sent mutation without an outcome is given up, and an idle client id is not used again. */
export const CLIENT_ID_LIFE_MS = 12 * 60 * 60 * 1_000;
/** Above every number a mutation will have: actions share the numbers of the wire with them. */
const FIRST_ACTION = 2 ** 40;

/** One call of a mutation, until it has both an outcome and its writes in our answers; or of an action, until it ends. */
export interface PendingCall {
  readonly type: "Mutate" | "Act";
  readonly path: string;
  readonly args: WireArgs;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: FunctionError) => void;
  /** What to show ahead of the result. Gone once it has thrown. */
  update?: ((localStore: OptimisticLocalStore) => void) | undefined;
  /** Not said on this connection → said → the server says that it succeeded. A failure ends it at once. */
  stage: "queued" | "sent" | "answered";
  /** Its number: a mutation's under the client id, the same when it is sent again. Undefined until it is first sent. */
  request?: number;
  firstSentAt?: number;
  /** What it has answered. */
  value?: unknown;
  /** Do the answers that we show contain its writes? */
  isReflected?: boolean;
}

/**
 * Mutations and actions that were called and have not ended, in the order called, and the client id that numbers the
 * mutations. An action is sent at most once: nobody can tell whether it may run twice.
 *
 * A promise is settled here before the page is told of the same change: its callers hear of it later, and see the page
 * as it is then. Not here: what optimistic updates show (see OptimisticAnswers).
 */
export class PendingCalls {
  readonly #environment: Environment;
  #all: PendingCall[] = [];
  /** Mutations that the server's answers on this connection contain, and those we show perhaps not yet. */
  readonly #reflected = new Set<number>();
  #lastSent = 0;
  #lastAction = FIRST_ACTION;
  #usedAt = 0;
  #clientId: string | undefined;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Has a mutation been sent under this client id? Then the server has bound it to the identity of that moment. */
  get isClientIdUsed(): boolean {
    return this.#lastSent > 0;
  }

  get size(): number {
    return this.#all.length;
  }

  count(type: PendingCall["type"]): number {
    return this.#all.filter((call) => call.type === type).length;
  }

  /** Those whose updates are to be shown, in the order called. */
  get guesses(): PendingCall[] {
    return this.#all.filter((call) => call.update && !call.isReflected);
  }

  /** Would a mutation be lost that the server has not seen, if the page went away now? */
  get hasUnsent(): boolean {
    return this.#all.some((call) => call.type === "Mutate" && isUnsaid(call));
  }

  /** Does the server owe us the outcome of something that we said on this connection? */
  get isOwed(): boolean {
    return this.#all.some(isSaid);
  }

  /** Was a mutation sent so long ago that the server cannot decide it any more? */
  get isOverdue(): boolean {
    return this.#isLongAgo(this.#oldestUndecided?.firstSentAt);
  }

  /** Is the client id too old to go on with? The server forgets idle ones. */
  get isClientIdOver(): boolean {
    return this.isOverdue || (this.#isIdle && this.isClientIdUsed && this.#isLongAgo(this.#usedAt));
  }

  /**
   * What a new connection begins with: the client id names this page to the server, so that what is sent twice runs once.
   * The server says which of those undecided its answers contain.
   * @param identity The identity that the client id belongs to, once it has been used.
   */
  connectMessage(identity: string | null | undefined): Pick<Connect, "clientId" | "identity" | "undecided"> {
    if (this.isClientIdOver) this.renewClientId();
    this.#clientId ??= this.#environment.randomId();
    const undecided = this.#sent.flatMap(({ request }) => request ?? []);
    return {
      clientId: this.#clientId,
      identity: this.isClientIdUsed ? identity : undefined,
      undecided: undecided.length > 0 ? undecided : undefined,
    };
  }

  add(call: PendingCall): void {
    this.#all.push(call);
  }

  /** The next to say; undefined when all is said, or `window` mutations wait for an outcome. */
  next(window: number): Mutate | Act | undefined {
    const isRoom = this.#sent.filter(isSaid).length < window;
    const call = this.#all.find((each) => isUnsaid(each) && (isRoom || each.type === "Act"));
    if (call === undefined) return undefined;
    const { type, path, args } = call;
    call.stage = "sent";
    if (type === "Act") {
      const request = ++this.#lastAction;
      call.request = request;
      return { type, request, path, args };
    }
    this.#usedAt = this.#environment.now();
    call.firstSentAt ??= this.#usedAt;
    call.request ??= ++this.#lastSent;
    // We have the outcome of every mutation before the oldest that has none.
    const confirmedUpTo = (this.#oldestUndecided?.request ?? call.request) - 1;
    return { type, request: call.request, path, args, confirmedUpTo };
  }

  /** A mutation ends when our answers contain it as well. */
  succeeded(request: number, value: unknown): void {
    const call = this.#byRequest(request);
    if (call === undefined || call.stage === "answered") return;
    call.stage = "answered";
    call.value = value;
    if (call.isReflected || call.type === "Act") this.#end(call);
  }

  failed(request: number, error: FunctionError): void {
    const call = this.#byRequest(request);
    if (call === undefined || call.stage === "answered") return;
    this.#remove([call]);
    call.reject(error);
  }

  /** The server's answers contain these now. What we show does from `settle` on. */
  reflected(numbers: readonly number[]): void {
    for (const request of numbers) this.#reflected.add(request);
  }

  /** We show nothing that is older than the server's answers: guesses go, and what has succeeded ends. */
  settle(): void {
    for (const request of this.#reflected) {
      const call = this.#byRequest(request);
      if (call) call.isReflected = true;
      if (call?.stage === "answered") this.#end(call);
    }
    this.#reflected.clear();
  }

  /** Nothing is on a wire any more: a mutation without an outcome is sent again, under its number. */
  disconnected(): void {
    this.#reflected.clear();
    this.#giveUp(this.#all.filter((call) => call.type === "Act" && isSaid(call)));
    for (const call of this.#all.filter(isSaid)) call.stage = "queued";
  }

  /**
   * Takes a new client id if nothing is lost by it: if the old one numbers no mutation, or is over. Nobody will learn
   * how ended what was sent under it.
   */
  renewClientId(): void {
    if (!this.#isIdle && !this.isClientIdOver) return;
    this.#giveUp(this.#sent);
    this.#clientId = undefined;
    this.#lastSent = 0;
  }

  /** Ends every call. @param reason Of those that were never sent. @param why Its sentence. */
  drop(reason: UnavailableReason, why: string): void {
    this.#giveUp(this.#all, reason, why);
  }

  /** The server may have run what it was sent. */
  #giveUp(calls: readonly PendingCall[], reason: UnavailableReason = "notSent", why = ""): void {
    this.#remove(calls);
    for (const { request, path, reject } of calls) {
      reject(
        request === undefined
          ? new UnavailableError(reason, `Not sent: ${path}. ${why}`)
          : new UnavailableError("outcomeUnknown", `Outcome unknown: ${path}.`),
      );
    }
  }

  #end(call: PendingCall): void {
    this.#remove([call]);
    call.resolve(call.value);
  }

  #remove(calls: readonly PendingCall[]): void {
    this.#all = this.#all.filter((call) => !calls.includes(call));
  }

  get #sent(): PendingCall[] {
    return this.#all.filter((call) => call.type === "Mutate" && call.request !== undefined);
  }

  get #isIdle(): boolean {
    return this.#sent.length === 0;
  }

  get #oldestUndecided(): PendingCall | undefined {
    return this.#sent.find((call) => call.stage !== "answered");
  }

  #isLongAgo(time: number | undefined): boolean {
    return time !== undefined && time + CLIENT_ID_LIFE_MS <= this.#environment.now();
  }

  #byRequest(request: number): PendingCall | undefined {
    return this.#all.find((call) => call.request === request);
  }
}

function isUnsaid({ stage }: PendingCall): boolean {
  return stage === "queued";
}

function isSaid({ stage }: PendingCall): boolean {
  return stage === "sent";
}
