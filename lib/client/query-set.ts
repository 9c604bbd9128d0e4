import type { Environment } from "../environment/environment.ts";
import type { QueryKey } from "../functions/query-key.ts";
import type { Subscribe, Unsubscribe } from "../protocol/client-message.ts";
import type { Limits } from "../protocol/server-message.ts";
import { type FunctionError, UnavailableError } from "./errors.ts";
import { tooLarge } from "./frame-size.ts";
import { heldAnswer, newQuery, type Query, shownAnswer } from "./query.ts";
import { questionOf } from "./question.ts";

/** How long a question is kept after the last of its watchers has left: a page change comes back sooner. */
export const UNMOUNT_GRACE = 5_000;
/** How many answers are kept to questions that nobody asks. */
const REMEMBERED = 100;

export interface QuerySetPorts {
  /** Nobody has watched it for the grace. The server is told later. */
  released(query: Query): void;
  /** It cannot be asked. */
  refuse(query: Query, error: FunctionError): void;
}

/**
 * What we ask, one question per key, however many watch it, and what of it the server has been told. Beside it what is
 * not asked, not yet or not any more, but has an answer.
 *
 * Not here: what becomes of the answers (see ServerAnswers).
 */
export class QuerySet {
  readonly #environment: Environment;
  readonly #ports: QuerySetPorts;
  readonly #asked = new Map<QueryKey, Query>();
  /** Least recently used first. */
  readonly #others = new Map<QueryKey, Query>();
  #lastId = 0;
  /** Said on this connection, and not wanted any more. */
  #unwanted: number[] = [];

  constructor(environment: Environment, ports: QuerySetPorts) {
    this.#environment = environment;
    this.#ports = ports;
  }

  get size(): number {
    return this.#asked.size;
  }

  get asked(): Query[] {
    return [...this.#asked.values()];
  }

  /** What is asked, and what is not but has an answer. */
  get all(): Query[] {
    return [...this.#asked.values(), ...this.#others.values()];
  }

  /** Every question that is asked or has an answer to show. */
  keys(): QueryKey[] {
    return this.all.filter((query) => this.#asked.has(query.key) || shownAnswer(query)).map(({ key }) => key);
  }

  get(key: QueryKey): Query | undefined {
    return this.#asked.get(key) ?? this.#others.get(key);
  }

  /** Has the server answered it on this connection? */
  isAnswered(key: QueryKey): boolean {
    return this.#asked.get(key)?.stage === "answered";
  }

  /** Does anything that was said wait for its first answer? */
  get isWaiting(): boolean {
    return this.asked.some((query) => query.stage === "said");
  }

  /** For an answer that comes whether or not somebody asks. */
  obtain(key: QueryKey): Query {
    const query = this.get(key) ?? newQuery(key);
    if (!this.#asked.has(key)) this.#remember(query);
    return query;
  }

  watch(key: QueryKey): void {
    const query = this.#asked.get(key) ?? this.#ask(key);
    query.watchers++;
    query.cancelRelease();
  }

  unwatch(key: QueryKey): void {
    const query = this.#asked.get(key);
    if (query === undefined || --query.watchers > 0) return;
    query.cancelRelease = this.#environment.after(UNMOUNT_GRACE, () => this.#release(query));
  }

  /** What to say next, within the limits; undefined when the server knows all there is to know. */
  next({ subscriptions, frameBytes }: Limits): Subscribe | Unsubscribe | undefined {
    this.#makeRoom(subscriptions);
    if (this.#unwanted.length > 0) return { type: "Unsubscribe", queries: this.#unwanted.splice(0) };
    const unsaid = this.asked.filter((query) => query.stage === "unsaid");
    const room = subscriptions - (this.size - unsaid.length);
    const queries: Subscribe["queries"] = [];
    let text = "";
    for (const query of unsaid) {
      if (queries.length >= room) {
        this.#ports.refuse(query, tooMany(subscriptions));
        continue;
      }
      const held = heldAnswer(query);
      const item = { query: query.id, ...questionOf(query.key), hash: held?.hash };
      text += JSON.stringify(item);
      const error = tooLarge(item.path, text, frameBytes);
      if (error && queries.length > 0) break;
      query.stage = error ? "answered" : "said";
      if (error) {
        this.#ports.refuse(query, error);
        text = "";
        continue;
      }
      query.known = held;
      queries.push(item);
    }
    return queries.length > 0 ? { type: "Subscribe", queries } : undefined;
  }

  /** The server that knew our questions is gone: all have to be said again. */
  disconnected(): void {
    this.#unwanted = [];
    for (const query of this.#asked.values()) query.stage = "unsaid";
  }

  /** Asks nothing any more. Answers stay as they are. */
  clear(): void {
    for (const query of this.#asked.values()) {
      query.cancelRelease();
      this.#others.set(query.key, query);
    }
    this.#asked.clear();
    this.#unwanted = [];
  }

  #ask(key: QueryKey): Query {
    const query = this.get(key) ?? newQuery(key);
    this.#others.delete(key);
    query.id = ++this.#lastId;
    query.stage = "unsaid";
    this.#asked.set(key, query);
    return query;
  }

  /** What nobody watches makes room for what somebody does. */
  #makeRoom(limit: number): void {
    for (const query of this.#asked.values()) {
      if (this.size > limit && query.watchers === 0 && query.stage !== "unsaid") this.#release(query);
    }
  }

  #release(query: Query): void {
    query.cancelRelease();
    this.#asked.delete(query.key);
    if (query.stage !== "unsaid") this.#unwanted.push(query.id);
    this.#ports.released(query);
    if (heldAnswer(query)) this.#remember(query);
  }

  #remember(query: Query): void {
    this.#others.delete(query.key);
    this.#others.set(query.key, query);
    if (this.#others.size <= REMEMBERED) return;
    for (const oldest of this.#others.keys()) return void this.#others.delete(oldest);
  }
}

function tooMany(limit: number): UnavailableError {
  return new UnavailableError(`This page watches more than the ${limit} queries that the server allows.`);
}
