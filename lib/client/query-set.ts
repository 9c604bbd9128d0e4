import type { Cancel, Environment } from "../environment/environment.ts";
import type { QueryKey } from "../functions/query-key.ts";
import type { Answer } from "./answer.ts";

/** How long a question is kept after the last of its watchers has left: a page change comes back sooner. */
export const UNMOUNT_GRACE = 5_000;

/** One thing that is asked of the server, for as long as somebody watches it and a little longer. */
export interface Question {
  readonly key: QueryKey;
  /** Its number on the wire. Never given to another question. */
  readonly id: number;
  watchers: number;
  /** Runs out the grace. Set while nobody watches. */
  cancelRelease: Cancel | undefined;
  /** Not said on this connection → said → answered for the first time. Back to unsaid when the connection is lost. */
  stage: "unsaid" | "said" | "answered";
  /** What the server knows us to have, as long as it has not answered: it may answer that this is right. */
  known: Answer | undefined;
}

/**
 * What we ask: one question per key, however many watch it, and what of it the server has been told.
 *
 * Not here: any answer that may be shown (see ServerAnswers).
 */
export class QuerySet {
  readonly #environment: Environment;
  readonly #released: (key: QueryKey) => void;
  readonly #byKey = new Map<QueryKey, Question>();
  readonly #byId = new Map<number, Question>();
  #lastId = 0;
  /** Said on this connection, and not wanted any more. */
  #unwanted: number[] = [];

  /** @param released Called when nobody has watched a question for the grace, before the server is told. */
  constructor(environment: Environment, released: (key: QueryKey) => void) {
    this.#environment = environment;
    this.#released = released;
  }

  get size(): number {
    return this.#byKey.size;
  }

  keys(): Iterable<QueryKey> {
    return this.#byKey.keys();
  }

  has(key: QueryKey): boolean {
    return this.#byKey.has(key);
  }

  /** Has the server answered it on this connection? */
  isAnswered(key: QueryKey): boolean {
    return this.#byKey.get(key)?.stage === "answered";
  }

  /** Does it wait for its first answer on this connection? */
  isSaid(key: QueryKey): boolean {
    return this.#byKey.get(key)?.stage === "said";
  }

  /** The question behind a number of the wire; undefined when it has been released. */
  byId(id: number): Question | undefined {
    return this.#byId.get(id);
  }

  /** Does anything that was said wait for its first answer? */
  get isWaiting(): boolean {
    return [...this.#byKey.values()].some((question) => question.stage === "said");
  }

  watch(key: QueryKey): void {
    const question = this.#byKey.get(key) ?? this.#add(key);
    question.watchers++;
    question.cancelRelease?.();
    question.cancelRelease = undefined;
  }

  unwatch(key: QueryKey): void {
    const question = this.#byKey.get(key);
    if (question === undefined || --question.watchers > 0) return;
    question.cancelRelease = this.#environment.after(UNMOUNT_GRACE, () => this.#release(question));
  }

  /**
   * What to subscribe to now, and what there is no room for. What nobody watches makes room for what somebody does.
   * @param limit How many the server takes from one client.
   */
  toSay(limit: number): { room: Question[]; beyond: Question[] } {
    const unsaid = [...this.#byKey.values()].filter((question) => question.stage === "unsaid");
    for (const question of this.#byKey.values()) {
      if (this.#byKey.size <= limit) break;
      if (question.watchers === 0 && question.stage !== "unsaid") this.#release(question);
    }
    const room = Math.max(0, limit - (this.#byKey.size - unsaid.length));
    return { room: unsaid.slice(0, room), beyond: unsaid.slice(room) };
  }

  said(question: Question, held: Answer | undefined): void {
    question.stage = "said";
    question.known = held;
  }

  /** @param known What the server knows us to have, where it has refused to answer for now. */
  answered(question: Question, known: Answer | undefined): void {
    question.stage = "answered";
    question.known = known;
  }

  /** Numbers to unsubscribe from now. Each is returned once. */
  takeUnwanted(): number[] {
    const unwanted = this.#unwanted;
    this.#unwanted = [];
    return unwanted;
  }

  /** The server that knew our questions is gone: all have to be said again. */
  disconnected(): void {
    this.#unwanted = [];
    for (const question of this.#byKey.values()) {
      question.stage = "unsaid";
      question.known = undefined;
    }
  }

  /** Forgets everything, timers included. */
  clear(): void {
    for (const question of this.#byKey.values()) question.cancelRelease?.();
    this.#byKey.clear();
    this.#byId.clear();
    this.#unwanted = [];
  }

  #add(key: QueryKey): Question {
    const id = ++this.#lastId;
    const question: Question = {
      key,
      id,
      watchers: 0,
      cancelRelease: undefined,
      stage: "unsaid",
      known: undefined,
    };
    this.#byKey.set(key, question);
    this.#byId.set(id, question);
    return question;
  }

  #release(question: Question): void {
    question.cancelRelease?.();
    this.#released(question.key);
    this.#byKey.delete(question.key);
    this.#byId.delete(question.id);
    if (question.stage !== "unsaid") this.#unwanted.push(question.id);
  }
}
