import type { Cancel, Environment } from "../../environment/environment.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import type { SocketLike } from "../../protocol/socket.ts";
import { TokenBucket } from "../../protocol/token-bucket.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { MessageBudget } from "../run/message-budget.ts";

export interface IntakeParts {
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly messageBudget: MessageBudget;
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
    if (this.#look) this.#parts.messageBudget.forget(this.#look);
  }

  #takeArrived(): void {
    while (this.#arrived.length > 0 && !this.#isHeld && !this.#isClosed) {
      if (this.#isNextTooLarge) return this.#hold();
      this.#rate.take(this.#port.take(this.#arrived.shift() as string));
      if (!this.#isClosed && (this.#tooFast() > 0 || this.#keepsTooMuch(1))) this.#hold();
    }
  }

  #hold(): void {
    this.#isHeld = true;
    this.#socket.pause();
    this.#lookAgain();
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
    messageBudget.forget(this.#look);
    const wait = this.#tooFast();
    if (wait > 0) this.#cancel = environment.after(wait, this.#look);
    else if (this.#keepsTooMuch(1 / 2)) {
      messageBudget.whenFree(this.#look);
      this.#cancel = environment.after(limits.heldTimeoutMs, () => this.#giveUp());
    } else if (this.#isNextTooLarge) messageBudget.whenFree(this.#look);
    else this.#resume();
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
