import type { Connected } from "../../protocol/server-message.ts";
import type { Frame } from "../../protocol/socket.ts";
import type { EncodedAnswer } from "../answers/answer.ts";
import type { Changes } from "./subscriptions.ts";

/** Messages that are written around texts that exist already: serialised once, however many are told. */

/** How much text of transitions is kept for whoever is told the same next. */
const KEPT_TEXT = 1024 * 1024;

/** The transitions of one revision, each made once for all clients that are told the same. */
export class TransitionFrames {
  readonly revision: number;
  /** Transitions with nothing in them but one answer. */
  readonly #ofAnswer = new Map<EncodedAnswer, Frame>();
  /** Others, by all of their text but the answers. */
  readonly #byHead = new Map<string, { answers: readonly EncodedAnswer[]; frame: Frame }>();
  #kept = 0;

  constructor(revision: number) {
    this.revision = revision;
  }

  /** The transition that tells this answer and nothing else. */
  ofAnswer(told: EncodedAnswer): Frame {
    let frame = this.#ofAnswer.get(told);
    if (!frame) {
      frame = transition(`{"type":"Transition","at":${this.revision}`, [told]);
      this.#makeRoom(frame);
      this.#ofAnswer.set(told, frame);
    }
    return frame;
  }

  /** Undefined when it would say nothing. */
  of(reflected: readonly number[], { maps, refused, answers }: Changes): Frame | undefined {
    if (reflected.length + maps.length + refused.length + answers.size === 0) return undefined;
    let head = `{"type":"Transition","at":${this.revision}`;
    if (reflected.length > 0) head += `,"reflected":${JSON.stringify(reflected)}`;
    if (maps.length > 0) head += `,"maps":${JSON.stringify(maps)}`;
    if (refused.length > 0) head += `,"refused":${JSON.stringify(refused)}`;
    const told = [...answers.values()];
    const made = this.#byHead.get(head);
    if (made && made.answers.length === told.length && told.every((answer, i) => answer === made.answers[i]))
      return made.frame;
    const frame = transition(head, told);
    this.#makeRoom(frame);
    this.#byHead.set(head, { answers: told, frame });
    return frame;
  }

  #makeRoom({ text }: Frame): void {
    this.#kept += text.length;
    if (this.#kept <= KEPT_TEXT) return;
    this.#ofAnswer.clear();
    this.#byHead.clear();
    this.#kept = text.length;
  }
}

function transition(head: string, answers: readonly EncodedAnswer[]): Frame {
  if (answers.length === 0) return { text: `${head}}` };
  return { text: `${head},"answers":[${answers.map(({ text }) => text).join(",")}]}` };
}

/** The answers to `Connect`, each made once for clients of one identity that come one after another. */
export class ConnectedFrames {
  readonly #rest: Omit<Connected, "identity">;
  #last: { identity: string | null; frame: Frame } | undefined;

  constructor(rest: Omit<Connected, "identity">) {
    this.#rest = rest;
  }

  of(identity: string | null): Frame {
    if (this.#last?.identity !== identity) {
      this.#last = { identity, frame: { text: JSON.stringify({ ...this.#rest, identity } satisfies Connected) } };
    }
    return this.#last.frame;
  }
}

/** RFC 6455 §5.5.1 leaves 123 bytes for the reason of a close, and a character of it takes at most three. */
const MAX_REASON_BYTES = 123;

/** A reason that fits a close. */
export function closeReason(reason: string): string {
  // It may hold what the client sent, as long as a message: cut first, count after.
  let short = reason.slice(0, MAX_REASON_BYTES);
  while (Buffer.byteLength(short) > MAX_REASON_BYTES) short = short.slice(0, -1);
  return short;
}
