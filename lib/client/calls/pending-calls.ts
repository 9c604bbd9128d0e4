import type { Environment } from "../../environment/environment.ts";
import type { Act, Connect, Mutate } from "../../protocol/client-message.ts";
import { type FunctionError, UnavailableError } from "../../protocol/function-error.ts";
import type { UnavailableReason } from "../../protocol/outcome.ts";
import type { Limits } from "../../protocol/server-message.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import { CLIENT_ID_LIFE_MS } from "./call-limits.ts";
import type { WireArgs } from "./named-call.ts";
import type { OptimisticLocalStore } from "./optimistic-update.ts";

/** Above the number of any mutation: mutations and actions share one sequence of numbers on the wire. */
const FIRST_ACTION = 2 ** 40;

/** A call of a mutation, until it has an outcome and the shown answers contain its writes; or of an action, until it ends. */
export interface PendingCall {
  readonly type: "Mutate" | "Act";
  readonly path: string;
  readonly args: WireArgs;
  /** How long `args` are as text. */
  readonly bytes: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: FunctionError) => void;
  /** The optimistic update. Undefined once it has thrown. */
  update?: ((localStore: OptimisticLocalStore) => void) | undefined;
  /** Not sent on this connection → sent → the server says that it succeeded. A failure ends the call at once. */
  stage: "queued" | "sent" | "answered";
  /** Its number under the client id, the same when a mutation is sent again. Undefined until it is first sent. */
  request?: number;
  /** In milliseconds since 1970; mutations only. */
  firstSentAt?: number;
  /** Its result. */
  value?: unknown;
  /** Do the answers that are shown contain its writes? */
  isReflected?: boolean;
}

type NumberedCall = PendingCall & { readonly request: number };

/**
 * Mutations and actions that were called and have not ended, in the order called, and the client id that numbers the
 * mutations. An action is sent at most once, as it may not be safe to run it twice.
 *
 * A promise is settled before the page is told of the same change. Its callers run after that, and see the page as it is
 * then. Not here: what optimistic updates show (see OptimisticAnswers).
 */
export class PendingCalls {
  readonly #environment: Environment;
  #all: PendingCall[] = [];
  /** Mutations that the server's answers on this connection contain, but not all answers that are shown. */
  #reflected: number[] = [];
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
    return this.#of(type).length;
  }

  /** The calls whose optimistic updates are shown, in the order called. */
  get optimistic(): PendingCall[] {
    return this.#all.filter((call) => call.update && !call.isReflected);
  }

  /** Would leaving the page now lose a mutation that was never sent on this connection? */
  get hasUnsent(): boolean {
    return this.#of("Mutate").some(isQueued);
  }

  /** Does the server owe the outcome of a call that was sent on this connection? */
  get isOwed(): boolean {
    return this.#all.some(isSent);
  }

  /** Was a mutation sent so long ago that the server may have forgotten its client id? */
  get isOverdue(): boolean {
    return this.#isLongAgo(this.#oldestUndecided?.firstSentAt);
  }

  /** Is the client id too old to be used on? The server forgets idle ones. */
  get isClientIdOver(): boolean {
    return this.isOverdue || (this.#sent.length === 0 && this.isClientIdUsed && this.#isLongAgo(this.#usedAt));
  }

  /**
   * What a new connection begins with. The client id names this page to the server, so that a mutation that is sent twice
   * runs once; the server says which of the undecided mutations its answers contain.
   * @param identity The identity that the client id belongs to, once it has been used.
   */
  connectMessage(identity: string | null | undefined): Connect {
    if (this.isClientIdOver) this.renewClientId();
    this.#clientId ??= this.#environment.randomId();
    const undecided = this.#sent.map(({ request }) => request);
    return {
      type: "Connect",
      protocol: PROTOCOL_VERSION,
      clientId: this.#clientId,
      identity: this.isClientIdUsed ? identity : undefined,
      undecided: undecided.length > 0 ? undecided : undefined,
    };
  }

  add(call: PendingCall): void {
    this.#all.push(call);
  }

  /** The next call to send; undefined when all are sent, or as many mutations wait for an outcome as may. */
  next({ unacknowledgedMutations, unacknowledgedBytes }: Limits): Mutate | Act | undefined {
    const waiting = this.#sent.filter(isSent);
    const room = waiting.reduce((left, { bytes }) => left - bytes, unacknowledgedBytes);
    const next = this.#of("Mutate").find(isQueued);
    const isRoom = !waiting.length || (waiting.length < unacknowledgedMutations && (next?.bytes ?? 0) <= room);
    const call = this.#all.find((each) => isQueued(each) && (isRoom || each.type === "Act"));
    if (call === undefined) return undefined;
    const { type, path, args } = call;
    call.stage = "sent";
    if (type === "Act") {
      call.request = ++this.#lastAction;
      return { type, request: call.request, path, args };
    }
    this.#usedAt = this.#environment.now();
    call.firstSentAt ??= this.#usedAt;
    call.request ??= ++this.#lastSent;
    // The server need not keep the outcomes of mutations before the oldest without one.
    const { request: oldest } = this.#oldestUndecided as NumberedCall;
    return { type, request: call.request, path, args, confirmedUpTo: oldest - 1 };
  }

  /** A mutation ends only when the shown answers contain it as well. */
  succeeded(request: number, value: unknown): void {
    const call = this.#byRequest(request);
    if (!call || !isSent(call)) return;
    call.stage = "answered";
    call.value = value;
    if (call.isReflected || call.type === "Act") this.#end(call);
  }

  failed(request: number, error: FunctionError): void {
    const call = this.#byRequest(request);
    if (!call || !isSent(call)) return;
    this.#remove([call]);
    call.reject(error);
  }

  /** The server's answers contain these mutations now; the shown answers do from `settle` on. */
  reflected(numbers: readonly number[]): void {
    this.#reflected.push(...numbers);
  }

  /**
   * Nothing older than the server's answers is shown: optimistic updates of reflected mutations end, and those that
   * succeeded resolve.
   */
  settle(): void {
    for (const request of this.#reflected) {
      const call = this.#byRequest(request);
      if (call) call.isReflected = true;
      if (call?.stage === "answered") this.#end(call);
    }
    this.#reflected = [];
  }

  /** The connection is lost: a mutation without an outcome is sent again, under its number; a sent action is given up. */
  lost(): void {
    this.#reflected = [];
    this.#giveUp(this.#of("Act").filter(isSent));
    for (const call of this.#all.filter(isSent)) call.stage = "queued";
  }

  /**
   * Takes a new client id unless the old one numbers a mutation that may still get its outcome. What was sent under an old
   * client id is given up, as its outcome cannot be known any more.
   */
  renewClientId(): void {
    if (this.#sent.length > 0 && !this.isClientIdOver) return;
    this.#giveUp(this.#sent);
    this.#clientId = undefined;
    this.#lastSent = 0;
  }

  /** Gives up every call. @param reason Of those that were never sent. @param why Its sentence. */
  drop(reason: UnavailableReason, why: string): void {
    this.#giveUp(this.#all, reason, why);
  }

  /** Rejects calls. The server may or may not run those that were sent. */
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

  /** The mutations that have been sent, on this connection or on an earlier one. */
  get #sent(): NumberedCall[] {
    return this.#of("Mutate").filter((call) => call.request !== undefined) as NumberedCall[];
  }

  get #oldestUndecided(): NumberedCall | undefined {
    return this.#sent.find((call) => call.stage !== "answered");
  }

  #isLongAgo(time = Infinity): boolean {
    return this.#environment.now() - time >= CLIENT_ID_LIFE_MS;
  }

  #of(type: PendingCall["type"]): PendingCall[] {
    return this.#all.filter((call) => call.type === type);
  }

  #byRequest(request: number): PendingCall | undefined {
    return this.#all.find((call) => call.request === request);
  }
}

function isQueued({ stage }: PendingCall): boolean {
  return stage === "queued";
}

function isSent({ stage }: PendingCall): boolean {
  return stage === "sent";
}
