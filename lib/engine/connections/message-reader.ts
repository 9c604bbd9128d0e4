import { type ClientMessage, clientMessage } from "../../protocol/client-message.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import { MessageDepthError, MessageTextError, parseMessageText } from "../../protocol/codec.ts";
import type { EngineLimits } from "../run/limits.ts";
import { TokenBucket } from "./rate-limit.ts";

/** Why a client is not heard any more: what to close its socket with. */
export class ProtocolViolation {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string) {
    this.code = code;
    this.reason = reason;
  }
}

/** What one client says: how large, how often, how deep, and whether it is a message at all. */
export class MessageReader {
  readonly #limits: EngineLimits;
  readonly #rate: TokenBucket;

  constructor(limits: EngineLimits, now: number) {
    this.#limits = limits;
    this.#rate = new TokenBucket(limits.messagesPerSecond, limits.messageBurst, now);
  }

  read(text: string, now: number): ClientMessage | ProtocolViolation {
    const { frameBytes, messagesPerSecond } = this.#limits;
    if (text.length > frameBytes)
      return new ProtocolViolation(CloseCode.tooLarge, `A message may hold ${frameBytes} bytes.`);
    if (!this.#rate.take(now)) {
      return new ProtocolViolation(CloseCode.tooMany, `A client may send ${messagesPerSecond} messages a second.`);
    }
    try {
      const parsed = clientMessage.safeParse(parseMessageText(text));
      if (parsed.success) return parsed.data;
      const issue = parsed.error.issues[0];
      const reason = `Not a message: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`;
      return new ProtocolViolation(CloseCode.badMessage, reason);
    } catch (error) {
      if (!(error instanceof MessageTextError)) throw error;
      const code = error instanceof MessageDepthError ? CloseCode.tooLarge : CloseCode.badMessage;
      return new ProtocolViolation(code, error.message);
    }
  }
}
