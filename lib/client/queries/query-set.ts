import type { Environment } from "../../environment/environment.ts";
import type { QueryKey } from "../../functions/query-key.ts";
import type { Subscribe, Unsubscribe } from "../../protocol/client-message.ts";
import { tooLarge } from "../../protocol/frame-size.ts";
import { type FunctionError, UnavailableError } from "../../protocol/function-error.ts";
import type { Limits } from "../../protocol/server-message.ts";
import { callOf } from "../calls/named-call.ts";
import { heldAnswer, newQueryRecord, type QueryRecord, shownAnswer } from "./query-record.ts";

/** How long a question is kept after the last of its watchers has left: a page change comes back sooner. */
export const UNMOUNT_GRACE = 5_000;
/** How many answers are kept to questions that nobody asks. */
const REMEMBERED = 100;

export interface QuerySetPorts {
  /** Nobody has watched it for the grace. The server is told later. */
  released(query: QueryRecord): void;
  /** It cannot be asked. */
  refuse(query: QueryRecord, error: FunctionError): void;
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
  /** Least recently used first. */
  readonly #byKey = new Map<QueryKey, QueryRecord>();
  #lastId = 0;
  /** Said on this connection, and not wanted any more. */
  #unwanted: number[] = [];

  constructor(environment: Environment, ports: QuerySetPorts) {
    this.#environment = environment;
    this.#ports = ports;
  }

  get all(): QueryRecord[] {
    return [...this.#byKey.values()];
  }

  get subscribed(): QueryRecord[] {
    return this.all.filter(isAsked);
  }

  /** Every question that is asked or has an answer to show. */
  keys(): QueryKey[] {
    return this.all.filter((query) => isAsked(query) || shownAnswer(query)).map(({ key }) => key);
  }

  get(key: QueryKey): QueryRecord | undefined {
    return this.#byKey.get(key);
  }

  /** Has the server answered it on this connection? */
  isAnswered(key: QueryKey): boolean {
    return this.get(key)?.stage === "answered";
  }

  /** Does anything that was said wait for its first answer? */
  get isWaiting(): boolean {
    return this.all.some((query) => query.stage === "sent");
  }

  /** The one of this key, whether or not somebody asks. Makes room for it among those that nobody asks. */
  getOrCreate(key: QueryKey): QueryRecord {
    const query = this.get(key) ?? newQueryRecord(key);
    this.#byKey.delete(key);
    this.#byKey.set(key, query);
    const others = this.all.filter((other) => !isAsked(other));
    for (const oldest of others.slice(0, -REMEMBERED)) this.#byKey.delete(oldest.key);
    return query;
  }

  watch(key: QueryKey): void {
    const query = this.getOrCreate(key);
    query.watchers++;
    query.cancelRelease();
    if (isAsked(query)) return;
    query.id = ++this.#lastId;
    query.stage = "queued";
  }

  unwatch(key: QueryKey): void {
    const query = this.get(key);
    if (query === undefined || --query.watchers > 0 || !isAsked(query)) return;
    query.cancelRelease = this.#environment.after(UNMOUNT_GRACE, () => this.#release(query));
  }

  /** What to say next, within the limits; undefined when the server knows all there is to know. */
  next({ subscriptions, frameBytes }: Limits): Subscribe | Unsubscribe | undefined {
    this.#makeRoom(subscriptions);
    if (this.#unwanted.length > 0) return { type: "Unsubscribe", queries: this.#unwanted.splice(0) };
    const { subscribed: asked } = this;
    const unsaid = asked.filter((query) => query.stage === "queued");
    const room = subscriptions - (asked.length - unsaid.length);
    const queries: Subscribe["queries"] = [];
    let text = "";
    for (const query of unsaid) {
      const held = heldAnswer(query);
      const item = { query: query.id, ...callOf(query.key), hash: held?.hash };
      const itemText = JSON.stringify(item);
      const error = tooLarge(item.path, itemText, frameBytes);
      if (queries.length >= room) this.#ports.refuse(query, tooMany(subscriptions));
      else if (error) {
        query.stage = "answered";
        this.#ports.refuse(query, error);
      } else if (tooLarge(item.path, text + itemText, frameBytes)) break;
      else {
        text += itemText;
        query.stage = "sent";
        query.acknowledged = held;
        queries.push(item);
      }
    }
    return queries.length > 0 ? { type: "Subscribe", queries } : undefined;
  }

  /** The server that knew our questions is gone: all have to be said again. */
  disconnected(): void {
    this.#unwanted = [];
    for (const query of this.subscribed) query.stage = "queued";
  }

  /** Asks nothing any more. Answers stay as they are. */
  clear(): void {
    for (const query of this.subscribed) {
      query.cancelRelease();
      query.stage = "idle";
    }
  }

  /** What nobody watches makes room for what somebody does. */
  #makeRoom(limit: number): void {
    const { subscribed: asked } = this;
    const idle = asked.filter((query) => query.watchers === 0 && query.stage !== "queued");
    for (const query of idle.slice(0, Math.max(0, asked.length - limit))) this.#release(query);
  }

  #release(query: QueryRecord): void {
    query.cancelRelease();
    if (query.stage !== "queued") this.#unwanted.push(query.id);
    query.stage = "idle";
    this.#ports.released(query);
    if (heldAnswer(query)) this.getOrCreate(query.key);
    else if (!isAsked(query)) this.#byKey.delete(query.key); // who was told of it may have asked again
  }
}

function isAsked({ stage }: QueryRecord): boolean {
  return stage !== "idle";
}

function tooMany(limit: number): UnavailableError {
  return new UnavailableError("notSent", `The server allows ${limit} queries at a time.`);
}
