import type { Environment } from "../../environment/environment.ts";
import type { QueryKey } from "../../functions/query-key.ts";
import type { Subscribe, Unsubscribe } from "../../protocol/client-message.ts";
import { bytesOf, tooLarge, tooLargeToKeep } from "../../protocol/frame-size.ts";
import { type FunctionError, UnavailableError } from "../../protocol/function-error.ts";
import type { Limits } from "../../protocol/server-message.ts";
import { callOf } from "../calls/named-call.ts";
import { CACHED, UNMOUNT_GRACE } from "./query-limits.ts";
import { heldAnswer, type QueryRecord, type SubscriptionPart, shownAnswer } from "./query-record.ts";

/** A record, of which this file writes the subscription. */
type Subscription = QueryRecord & SubscriptionPart;

export interface QuerySetPorts {
  /** A subscription was taken into a message that is sent now. */
  sent(query: QueryRecord): void;
  /** The query has had no watchers for the grace. The server is told later. */
  released(query: QueryRecord): void;
  /** The query cannot be subscribed to. */
  refuse(query: QueryRecord, error: FunctionError): void;
}

/**
 * The queries that the client subscribes to, one for each key, however many watch it, and which of them the server has
 * been told of. Beside them those that are not subscribed to, not yet or not any more, but have an answer.
 *
 * Not here: the answers (see ServerAnswers).
 */
export class QuerySet {
  readonly #environment: Environment;
  readonly #ports: QuerySetPorts;
  /** Least recently used first. */
  readonly #byKey = new Map<QueryKey, Subscription>();
  #lastId = 0;
  /** Sent on this connection, and not subscribed to any more. */
  #unsubscribed: number[] = [];

  constructor(environment: Environment, ports: QuerySetPorts) {
    this.#environment = environment;
    this.#ports = ports;
  }

  get all(): QueryRecord[] {
    return [...this.#byKey.values()];
  }

  get subscribed(): QueryRecord[] {
    return this.all.filter(isSubscribed);
  }

  /** Every query that is subscribed to or has an answer to show. */
  keys(): QueryKey[] {
    return this.all.filter((query) => isSubscribed(query) || shownAnswer(query)).map(({ key }) => key);
  }

  get(key: QueryKey): QueryRecord | undefined {
    return this.#byKey.get(key);
  }

  /** The record of this key, now the most recently used. Drops the least recently used that has no subscription. */
  getOrCreate(key: QueryKey): QueryRecord {
    const query = this.#byKey.get(key) ?? { key, id: 0, watchers: 0, cancelRelease: () => {}, stage: "idle" };
    this.#byKey.delete(key);
    this.#byKey.set(key, query);
    const others = this.all.filter((other) => !isSubscribed(other));
    for (const oldest of others.slice(0, -CACHED)) this.#byKey.delete(oldest.key);
    return query;
  }

  watch(key: QueryKey): void {
    const query: Subscription = this.getOrCreate(key);
    query.watchers++;
    query.cancelRelease();
    if (isSubscribed(query)) return;
    query.id = ++this.#lastId;
    query.stage = "queued";
  }

  unwatch(key: QueryKey): void {
    const query = this.#byKey.get(key);
    if (query === undefined || --query.watchers > 0 || !isSubscribed(query)) return;
    query.cancelRelease = this.#environment.after(UNMOUNT_GRACE, () => this.#release(query));
  }

  /** The next message to send, within the limits; undefined when the server knows all subscriptions. */
  next({ subscriptions, frameBytes, queryArgsBytes }: Limits): Subscribe | Unsubscribe | undefined {
    // Subscriptions without watchers make room for those with some.
    const unwatched = this.subscribed.filter((query) => query.watchers === 0 && query.stage !== "queued");
    for (const query of unwatched.slice(0, Math.max(0, this.subscribed.length - subscriptions)))
      this.#release(query as Subscription);
    if (this.#unsubscribed.length > 0) return { type: "Unsubscribe", queries: this.#unsubscribed.splice(0) };
    const subscribed: Subscription[] = this.subscribed;
    const queued = subscribed.filter((query) => query.stage === "queued");
    const room = subscriptions - (subscribed.length - queued.length);
    const queries: Subscribe["queries"] = [];
    let text = "";
    for (const query of queued) {
      const item = { query: query.id, ...callOf(query.key), token: heldAnswer(query)?.token };
      const itemText = JSON.stringify(item);
      const argsBytes = bytesOf(query.key) - item.path.length;
      const error = tooLargeToKeep(item.path, argsBytes, queryArgsBytes) ?? tooLarge(item.path, itemText, frameBytes);
      if (queries.length >= room)
        this.#ports.refuse(
          query,
          new UnavailableError(
            "notSent",
            `The server allows ${subscriptions} queries at a time.${process.env.NODE_ENV !== "production" ? MORE : ""}`,
          ),
        );
      else if (error) {
        query.stage = "answered";
        this.#ports.refuse(query, error);
      } else if (tooLarge(item.path, text + itemText, frameBytes)) break;
      else {
        text += itemText;
        query.stage = "sent";
        this.#ports.sent(query);
        queries.push(item);
      }
    }
    return queries.length > 0 ? { type: "Subscribe", queries } : undefined;
  }

  /** The server has answered the query for the first time on this connection, or refused it. */
  answered(query: Subscription): void {
    query.stage = "answered";
  }

  /** The server that knew the subscriptions is gone: all have to be sent again. */
  lost(): void {
    this.#unsubscribed = [];
    for (const query of this.subscribed as Subscription[]) query.stage = "queued";
  }

  /** Subscribes to nothing any more. Answers stay as they are. */
  clear(): void {
    for (const query of this.subscribed as Subscription[]) {
      query.cancelRelease();
      query.stage = "idle";
    }
  }

  #release(query: Subscription): void {
    query.cancelRelease();
    if (query.stage !== "queued") this.#unsubscribed.push(query.id);
    query.stage = "idle";
    this.#ports.released(query);
    if (heldAnswer(query)) this.getOrCreate(query.key);
    else if (!isSubscribed(query)) this.#byKey.delete(query.key); // a listener of `released` may have watched it again
  }
}

const MORE = " Read a list with one query, or raise limits.subscriptions of createEngine in server.ts.";

function isSubscribed({ stage }: QueryRecord): boolean {
  return stage !== "idle";
}
