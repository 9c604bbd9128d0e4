import { type ClientMessage, clientMessage } from "../../protocol/client-message.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import { MessageDepthError, MessageTextError, parseMessageText } from "../../protocol/codec.ts";
import { TokenBucket } from "../../protocol/token-bucket.ts";
import type { EngineLimits } from "../run/limits.ts";

/** Why a client is not heard any more: what to close its socket with. */
export class ProtocolViolation {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string) {
    this.code = code;
    this.reason = reason;
  }
}

/** A message, and what it weighs: see `parseMessageText`. */
export interface ReadMessage {
  readonly message: ClientMessage;
  readonly weight: number;
}

/** What idle clients say, and nothing else: it is known without being parsed. */
const PONG: ReadMessage = { message: { type: "Pong" }, weight: 0 };
const PONG_TEXT = JSON.stringify(PONG.message);

/** What one client says: how large, how often, how deep, and whether it is a message at all. */
export class MessageReader {
  readonly #limits: EngineLimits;
  readonly #rate = new TokenBucket();

  constructor(limits: EngineLimits) {
    this.#limits = limits;
  }

  read(text: string, now: number): ReadMessage | ProtocolViolation {
    const { frameBytes, messagesPerSecond, messageBurst } = this.#limits;
    if (text.length > frameBytes)
      return new ProtocolViolation(CloseCode.tooLarge, `A message may hold ${frameBytes} bytes.`);
    if (this.#rate.wait(now, messagesPerSecond, messageBurst) > 0) {
      return new ProtocolViolation(CloseCode.tooMany, `A client may send ${messagesPerSecond} messages a second.`);
    }
    this.#rate.take();
    if (text === PONG_TEXT) return PONG;
    try {
      const { value, weight } = parseMessageText(text);
      const parsed = clientMessage.safeParse(value);
      if (parsed.success) return { message: parsed.data, weight };
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
