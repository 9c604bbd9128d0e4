import type { QueryKey } from "../functions/query-key.ts";
import type { Transition, Answer as WireAnswer } from "../protocol/server-message.ts";
import { fromWire } from "../values/wire.ts";
import { type Answer, confirmedAnswer, type DatedAnswer, failedAnswer, goodAnswer, isNewer } from "./answer.ts";
import { type FunctionError, toFunctionError } from "./errors.ts";
import { patchedAnswer } from "./patched-answer.ts";
import type { QuerySet, Question } from "./query-set.ts";

/** How many answers are remembered that nobody watches any more. */
const REMEMBERED = 100;

/** One run on the server that answers some of our questions, on this connection. */
interface LiveQuery {
  readonly id: number;
  answer: Answer;
  readonly keys: Set<QueryKey>;
}

/** A question that gets its answers from this live query from now on. */
interface Move {
  readonly question: Question;
  readonly live: number;
}

/**
 * What the server has answered: on this connection, and what still stands from before it.
 *
 * Not here: our optimistic guesses (see OptimisticAnswers), questions without an answer (see QuerySet).
 */
export class ServerAnswers {
  readonly #questions: QuerySet;
  /** The engine we are connected to. Set by `connected`, unset by `disconnected`. */
  #epoch: string | undefined;
  /** What all live answers are valid at. Only grows while connected. */
  #at = -1;
  readonly #live = new Map<number, LiveQuery>();
  readonly #liveOf = new Map<QueryKey, LiveQuery>();
  /**
   * Answers that win over the live ones: of questions that are not live (yet), from an earlier connection or the
   * server's render, and of renders that are ahead of the connection. Gone as soon as the connection is as far.
   */
  readonly #standing = new Map<QueryKey, DatedAnswer>();
  /** Least recently used first. Not shown, unless they were `filled` for somebody who has yet to watch. */
  readonly #remembered = new Map<QueryKey, DatedAnswer & { filled: boolean }>();

  constructor(questions: QuerySet) {
    this.#questions = questions;
  }

  /** The answer to show, our guesses aside. Undefined: none yet. */
  answer(key: QueryKey): Answer | undefined {
    const remembered = this.#remembered.get(key);
    const filled = remembered?.filled ? remembered : undefined;
    return (this.#standing.get(key) ?? this.#liveOf.get(key) ?? filled)?.answer;
  }

  /** The best answer we have, fit to be shown or not: its hash spares the server to send it again. */
  held(key: QueryKey): Answer | undefined {
    return this.answer(key) ?? this.#remembered.get(key)?.answer;
  }

  /** Every question with an answer to show. */
  keys(): Set<QueryKey> {
    return new Set([...this.#standing.keys(), ...this.#liveOf.keys()]);
  }

  /** Do we show anything that is older than this connection, and that the server will answer on it? */
  get isCatchingUp(): boolean {
    for (const key of this.#standing.keys()) if (this.#questions.isSaid(key)) return true;
    return false;
  }

  /** Somebody watches: what was filled for them stands from now on. */
  watched(key: QueryKey): void {
    const remembered = this.#remembered.get(key);
    if (!remembered?.filled) return;
    this.#remembered.delete(key);
    this.#standing.set(key, remembered);
  }

  /** Nobody watches any more. Remembered, so that a page that returns from a cache shows nothing older. */
  released(key: QueryKey): void {
    const dated = this.#dated(key);
    if (dated) this.#remember(key, dated, false);
    this.#standing.delete(key);
    this.#unmap(key);
  }

  /** Takes an answer that did not come over the socket, unless we have one that is as new or of another epoch. */
  fill(key: QueryKey, filling: DatedAnswer): void {
    const current = this.#dated(key) ?? this.#remembered.get(key);
    const best = current === undefined || isNewer(filling, current) ? filling : current;
    if (!this.#questions.has(key)) return this.#remember(key, best, true);
    if (best === filling || !this.#liveOf.has(key)) this.#standing.set(key, best);
    this.#remembered.delete(key);
  }

  /** Remembers the answer to `like` for `key`, too, unless that one has any. */
  expectSame(key: QueryKey, like: QueryKey): void {
    const dated = this.#dated(like);
    if (dated && this.held(key) === undefined) this.#remember(key, dated, false);
  }

  /** An answer that the client gives itself, for a question it cannot ask. */
  refuse(key: QueryKey, error: FunctionError): void {
    this.#standing.set(key, this.#now(failedAnswer(this.held(key), error)));
  }

  connected(epoch: string): void {
    this.#epoch = epoch;
    this.#at = -1;
  }

  /** What was live stands, as of the last transition, until the next connection has answered. */
  disconnected(): void {
    for (const key of this.#liveOf.keys()) {
      const dated = this.#dated(key);
      if (dated) this.#standing.set(key, dated);
    }
    this.#live.clear();
    this.#liveOf.clear();
    this.#epoch = undefined;
  }

  /** Another identity: nothing of this may be shown again. */
  forget(): void {
    this.#live.clear();
    this.#liveOf.clear();
    this.#standing.clear();
    this.#remembered.clear();
  }

  /**
   * Moves to the state after the transition, whole or not at all.
   * @throws when it cannot be right; nothing has changed then.
   */
  apply(transition: Transition): void {
    const { at, maps = [], refused = [], answers = [] } = transition;
    if (this.#epoch === undefined) throw new Error("A transition came before Connected.");
    if (!(at >= this.#at)) throw new Error(`A transition leads back from ${this.#at} to ${at}.`);

    const moves = maps.flatMap(([id, live]) => {
      const question = this.#questions.byId(id);
      return question ? [{ question, live }] : [];
    });
    const fresh = new Map<number, Answer>();
    for (const wire of answers) this.#decode(wire, moves, fresh);
    for (const { question, live } of moves) if (!fresh.has(live)) fresh.set(live, this.#confirmed(question));
    const refusals = refused.map(([id, error]) => [this.#questions.byId(id), toFunctionError(error)] as const);

    this.#at = at;
    for (const [id, answer] of fresh) this.#record(id, answer);
    for (const { question, live } of moves) this.#map(question, live);
    for (const [question, error] of refusals) if (question) this.#refused(question, error);
    this.#catchUp();
  }

  /** Answers of a live query that we no longer map, or not yet, mean nothing to us. */
  #decode(wire: WireAnswer, moves: Move[], fresh: Map<number, Answer>): void {
    const live = this.#live.get(wire.live);
    const mover = moves.find((move) => move.live === wire.live);
    if (live === undefined && mover === undefined) return;
    const previous = live?.answer ?? (mover && this.held(mover.question.key));
    if ("error" in wire) fresh.set(wire.live, failedAnswer(previous, toFunctionError(wire.error)));
    else if ("value" in wire) fresh.set(wire.live, goodAnswer(previous, fromWire(wire.value), wire.hash));
    else fresh.set(wire.live, patchedAnswer(live?.answer ?? (mover && this.#known(mover.question)), wire));
  }

  /** What the server knows us to have. */
  #known({ key, known }: Question): Answer | undefined {
    return this.#liveOf.get(key)?.answer ?? known;
  }

  /** The answer of a question that is mapped without one: the server has compared, and what it knows us to have is right. */
  #confirmed(question: Question): Answer {
    const held = this.#known(question);
    if (held?.hash !== undefined) return confirmedAnswer(held);
    throw new Error(`Question ${question.id} is mapped without an answer.`);
  }

  #record(id: number, answer: Answer): void {
    const live = this.#live.get(id);
    if (live) live.answer = answer;
    else this.#live.set(id, { id, answer, keys: new Set() });
  }

  #map(question: Question, id: number): void {
    const live = this.#live.get(id);
    if (live === undefined) return;
    if (this.#liveOf.get(question.key) !== live) this.#unmap(question.key);
    live.keys.add(question.key);
    this.#liveOf.set(question.key, live);
    this.#questions.answered(question, undefined);
    this.#remembered.delete(question.key);
  }

  /** It may be mapped later, when the functions have changed, and by then without an answer. */
  #refused(question: Question, error: FunctionError): void {
    this.#questions.answered(question, this.#liveOf.get(question.key)?.answer ?? question.known);
    this.refuse(question.key, error);
    this.#unmap(question.key);
  }

  #unmap(key: QueryKey): void {
    const live = this.#liveOf.get(key);
    this.#liveOf.delete(key);
    live?.keys.delete(key);
    if (live?.keys.size === 0) this.#live.delete(live.id);
  }

  /** What the connection has caught up with stands no longer. */
  #catchUp(): void {
    for (const [key, dated] of this.#standing) {
      const live = this.#liveOf.get(key);
      if (live && !isNewer(dated, this.#now(live.answer))) this.#standing.delete(key);
    }
  }

  #dated(key: QueryKey): DatedAnswer | undefined {
    const live = this.#liveOf.get(key);
    return this.#standing.get(key) ?? (live && this.#now(live.answer));
  }

  #now(answer: Answer): DatedAnswer {
    return { answer, epoch: this.#epoch ?? "", at: this.#at };
  }

  #remember(key: QueryKey, dated: DatedAnswer, filled: boolean): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, { ...dated, filled });
    if (this.#remembered.size <= REMEMBERED) return;
    for (const oldest of this.#remembered.keys()) return void this.#remembered.delete(oldest);
  }
}
