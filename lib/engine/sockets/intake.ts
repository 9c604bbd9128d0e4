import type { Cancel, Environment } from "../../environment/environment.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import type { SocketLike } from "../../protocol/socket.ts";
import { TokenBucket } from "../../protocol/token-bucket.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { LongWork } from "../run/long-work.ts";
import type { MessageBudget } from "../run/message-budget.ts";

export interface IntakeParts {
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly messageBudget: MessageBudget;
  readonly longWork: LongWork;
}

/** The connection, as far as its intake needs it. */
export interface IntakePort {
  /** Handles a message. @returns what it weighs. */
  take(text: string): number;
  /** What the client's calls weigh that wait or run. */
  keptWeight(): number;
  close(code: number, reason: string): void;
  /** The socket or what it brings has failed. */
  failed(error: unknown): void;
}

/**
 * How fast a client is heard. Its socket is not read while it has sent more than its rate of bytes, while its calls that
 * wait or run weigh too much, or while those of all clients do and some are its own, or its message is large. TCP then
 * holds the client back, so nothing is lost. It is heard again when its calls, or those of all, weigh half of that.
 */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #socket: SocketLike;
  readonly #port: IntakePort;
  readonly #rate = new TokenBucket();
  /** Messages that are not read yet: those that had arrived before the socket was held. */
  #arrived: string[] = [];
  #isHeld = false;
  #isClosed = false;
  #cancel: Cancel | undefined;
  /** Looks again whether it may be heard. Undefined until it is held for the first time. */
  #look: (() => void) | undefined;
  /** Looks again, as it is the client's turn. Undefined until it has waited for that. */
  #called: (() => void) | undefined;
  /** Is it the client's turn to have a long message read? */
  #isCalled = false;

  constructor(parts: IntakeParts, socket: SocketLike, port: IntakePort) {
    this.#parts = parts;
    this.#socket = socket;
    this.#port = port;
  }

  /** Is the client not heard now? */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  message(text: string): void {
    this.#arrived.push(text);
    if (!this.#isHeld) this.#guarded(this.#takeArrived);
  }

  /** A call of the client has ended. */
  progressed(): void {
    if (this.#isHeld) this.#guarded(this.#lookAgain);
  }

  /** It is called in turn with those of other clients: what fails ends with its own. */
  #guarded(work: () => void): void {
    try {
      work.call(this);
    } catch (error) {
      this.#port.failed(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#arrived = [];
    this.#cancel?.();
    this.#forget();
  }

  #takeArrived(): void {
    while (this.#arrived.length > 0 && !this.#isHeld && !this.#isClosed) {
      if (this.#isNextTooLarge || !this.#mayBegin) return this.#hold();
      const text = this.#arrived.shift() as string;
      this.#isCalled = false;
      this.#rate.take(this.#timed(text));
      if (!this.#isClosed && (this.#tooFast() > 0 || this.#keepsTooMuch(1))) this.#hold();
    }
  }

  #hold(): void {
    this.#isHeld = true;
    this.#socket.pause();
    this.#lookAgain();
  }

  /** @returns what the message weighs. */
  #timed(text: string): number {
    const { environment, longWork } = this.#parts;
    const began = environment.now();
    const weight = this.#port.take(text);
    longWork.doneReading(text.length, environment.now() - began);
    return weight;
  }

  /** May the next message be read, or is it the turn of another long one? */
  get #mayBegin(): boolean {
    return this.#isCalled || this.#parts.longWork.admits(this.#arrived[0]?.length ?? 0);
  }

  /** Must the next message wait until the calls of other clients have ended? */
  get #isNextTooLarge(): boolean {
    return !this.#parts.messageBudget.admits(this.#arrived[0]?.length ?? 0);
  }

  /** @returns milliseconds until the client may send more. */
  #tooFast(): number {
    const { environment, limits } = this.#parts;
    return this.#rate.wait(environment.now(), limits.bytesPerSecond, limits.byteBurst);
  }

  /** @param part Of the limit. */
  #keepsTooMuch(part: number): boolean {
    const { limits, messageBudget } = this.#parts;
    const kept = this.#port.keptWeight();
    return kept > limits.keptMessageBytes * part || (kept > 0 && messageBudget.isSpent);
  }

  #lookAgain(): void {
    const { environment, limits, messageBudget } = this.#parts;
    this.#look ??= () => this.#guarded(this.#lookAgain);
    this.#cancel?.();
    this.#forget();
    const wait = this.#tooFast();
    if (wait > 0) this.#cancel = environment.after(wait, this.#look);
    else if (this.#keepsTooMuch(1 / 2)) {
      messageBudget.whenFree(this.#look);
      this.#cancel = environment.after(limits.heldTimeoutMs, () => this.#giveUp());
    } else if (this.#isNextTooLarge) messageBudget.whenFree(this.#look);
    else if (!this.#mayBegin) this.#awaitTurn();
    else this.#resume();
  }

  #awaitTurn(): void {
    this.#called ??= () => this.#guarded(this.#begin);
    this.#parts.longWork.whenFree(this.#called);
  }

  /** It is the turn of this client's next long message. */
  #begin(): void {
    this.#isCalled = true;
    this.#lookAgain();
    this.#isCalled = false;
  }

  /** Waits for nothing that others hold. */
  #forget(): void {
    if (this.#look) this.#parts.messageBudget.forget(this.#look);
    if (this.#called) this.#parts.longWork.forget(this.#called);
  }

  #resume(): void {
    this.#isHeld = false;
    this.#takeArrived();
    if (!this.#isHeld && !this.#isClosed) this.#socket.resume();
  }

  #giveUp(): void {
    const { keptMessageBytes, heldTimeoutMs } = this.#parts.limits;
    const reason = `Calls of more than ${keptMessageBytes} bytes wait or run, and none has ended for ${heldTimeoutMs} ms.`;
    this.#port.close(CloseCode.tooMany, reason);
  }
}
