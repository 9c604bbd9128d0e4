import { encodeMessage, encodePatchAlone, encodeTransition, encodeTransitionHead } from "../../protocol/encode.ts";
import type { Connected } from "../../protocol/server-message.ts";
import type { Frame } from "../../protocol/socket.ts";
import type { EncodedAnswer } from "../answers/answer.ts";
import type { Changes } from "./subscriptions.ts";

/** Messages that are written around texts that exist already: serialised once, however many are told. */

/** How many UTF-16 units of transitions are kept, for clients that are sent the same next. */
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
      const text = told.isPatch
        ? encodePatchAlone(this.revision, told.text)
        : encodeTransition(encodeTransitionHead(this.revision), [told]);
      frame = { text };
      this.#makeRoom(frame);
      this.#ofAnswer.set(told, frame);
    }
    return frame;
  }

  /** Undefined when it would say nothing. */
  of(reflected: readonly number[], { maps, refused, answers }: Changes): Frame | undefined {
    const told = [...answers.values()];
    if (reflected.length + maps.length + refused.length === 0 && told.length < 2)
      return told[0] && this.ofAnswer(told[0]);
    const head = encodeTransitionHead(this.revision, { reflected, maps, refused });
    const made = this.#byHead.get(head);
    if (made && made.answers.length === told.length && told.every((answer, i) => answer === made.answers[i]))
      return made.frame;
    const frame = { text: encodeTransition(head, told) };
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

/** The answers to `Connect`, each made once for clients of one identity that come one after another. */
export class ConnectedFrames {
  readonly #rest: Omit<Connected, "identity">;
  #last: { identity: string | null; frame: Frame } | undefined;

  constructor(rest: Omit<Connected, "identity">) {
    this.#rest = rest;
  }

  of(identity: string | null): Frame {
    if (this.#last?.identity !== identity) {
      this.#last = { identity, frame: { text: encodeMessage({ ...this.#rest, identity }) } };
    }
    return this.#last.frame;
  }
}
