import type { QueryKey } from "../../functions/query-key.ts";
import { type FunctionError, toFunctionError } from "../../protocol/function-error.ts";
import type { Transition, Answer as WireAnswer } from "../../protocol/server-message.ts";
import { fromWire } from "../../values/wire.ts";
import { type Answer, confirmedAnswer, type DatedAnswer, failedAnswer, goodAnswer, isNewer } from "./answer.ts";
import { applyPatch } from "./apply-patch.ts";
import { heldAnswer, type QueryRecord, type ServerPart } from "./query-record.ts";
import type { QuerySet } from "./query-set.ts";

/** A record, of which this file writes the server's part. */
type AnsweredQuery = QueryRecord & ServerPart;

/**
 * What the server has answered: on this connection, and what is still valid from before it.
 *
 * Not here: optimistic updates (see OptimisticAnswers), renders that may be of another identity (see PreloadedAnswers).
 */
export class ServerAnswers {
  readonly #queries: QuerySet;
  /** The server's start that the client is connected to. Set by `connected`, unset by `disconnected`. */
  #epoch: string | undefined;
  /** The revision that all live answers are valid at. Only grows while connected. */
  #at = -1;

  constructor(queries: QuerySet) {
    this.#queries = queries;
  }

  /** Is anything shown that is older than this connection, and that the server will answer on it? */
  get isCatchingUp(): boolean {
    return this.#queries.subscribed.some((query) => query.pinned && query.stage === "sent");
  }

  /** Does any subscription that was sent wait for its first answer on this connection? */
  get isWaiting(): boolean {
    return this.#queries.subscribed.some((query) => query.stage === "sent");
  }

  /** The query is no longer subscribed to. Its answer is kept, so that a page from a cache shows nothing older. */
  released(query: AnsweredQuery): void {
    query.cached = this.#best(query);
    query.pinned = query.live = query.acknowledged = undefined;
  }

  /** The subscription was sent: with the token of the held answer, which the server confirms or replaces. */
  sent(query: AnsweredQuery): void {
    query.acknowledged = heldAnswer(query);
  }

  /** Takes an answer that did not come over the socket, unless there is one that is as new or of another epoch. */
  fill(key: QueryKey, filling: DatedAnswer): void {
    const query: AnsweredQuery = this.#queries.getOrCreate(key);
    const best = this.#best(query);
    if (best === undefined || isNewer(filling, best)) query.pinned = filling;
    else if (query.live === undefined) query.pinned = best;
    query.cached = undefined;
  }

  /** Keeps the answer to `like` for `key`, too, unless that has one. */
  seedFrom(key: QueryKey, like: QueryKey): void {
    const query: AnsweredQuery = this.#queries.getOrCreate(key);
    if (heldAnswer(query) === undefined) query.cached = this.#best(this.#queries.getOrCreate(like));
  }

  /** Answers with an error, beside the last good value, where the query cannot be subscribed to. */
  refuse(query: AnsweredQuery, error: FunctionError): void {
    query.pinned = this.#now(failedAnswer(heldAnswer(query), error));
  }

  connected(epoch: string): void {
    this.#epoch = epoch;
    this.#at = -1;
  }

  /** Live answers are shown on, as of the last transition, until the next connection has answered. */
  lost(): void {
    for (const query of this.#queries.subscribed as AnsweredQuery[]) {
      if (query.live !== undefined) query.pinned = this.#best(query);
      query.live = query.acknowledged = undefined;
    }
    this.#epoch = undefined;
  }

  /** The identity has changed: none of these answers is shown again. */
  forget(): void {
    for (const query of this.#queries.all as AnsweredQuery[]) query.live = query.pinned = query.cached = undefined;
  }

  /**
   * Moves to the state after the transition, whole or not at all.
   * @throws when the transition cannot be right; no answer has changed then.
   */
  apply({ at, maps, refused = [], answers = [] }: Omit<Transition, "type">): void {
    if (this.#epoch === undefined) throw new Error("Connected is missing.");
    if (!(at >= this.#at)) throw new Error(`A transition leads back to ${at}.`);
    const moves = new Map(maps);
    const errors = new Map(refused.map(([id, error]) => [id, toFunctionError(error)]));
    const subscribed: AnsweredQuery[] = this.#queries.subscribed;
    const changes = subscribed.flatMap((query) => {
      const live = moves.get(query.id) ?? query.live;
      const answer = live && answers.find((one) => one.live === live);
      if (!answer && !moves.has(query.id)) return [];
      return [[query, live, answer ? decoded(query, answer) : confirmed(query)]] as const;
    });

    this.#at = at;
    for (const [query, live, acknowledged] of changes) {
      query.live = live;
      query.acknowledged = acknowledged;
      this.#queries.answered(query);
    }
    for (const query of subscribed) {
      const error = errors.get(query.id);
      if (error) this.#refused(query, error);
      else if (query.live !== undefined) this.#catchUp(query);
    }
  }

  /** `acknowledged` stays: when the functions have changed, the server may answer by its token after all. */
  #refused(query: AnsweredQuery, error: FunctionError): void {
    this.refuse(query, error);
    query.live = undefined;
    this.#queries.answered(query);
  }

  /** What the connection has caught up with is not shown any longer. */
  #catchUp(query: AnsweredQuery): void {
    query.cached = undefined;
    if (query.pinned && !isNewer(query.pinned, this.#now(query.acknowledged as Answer))) query.pinned = undefined;
  }

  #best({ pinned, live, acknowledged, cached }: QueryRecord): DatedAnswer | undefined {
    return pinned ?? (live !== undefined && acknowledged ? this.#now(acknowledged) : cached);
  }

  #now(answer: Answer): DatedAnswer {
    return { answer, epoch: this.#epoch ?? "", at: this.#at };
  }
}

/** @throws when the answer is malformed, or a patch to another value. */
function decoded(query: QueryRecord, wire: WireAnswer): Answer {
  const { acknowledged } = query;
  const previous = query.live === undefined ? heldAnswer(query) : acknowledged;
  if ("error" in wire) return failedAnswer(previous, toFunctionError(wire.error));
  if ("value" in wire) return goodAnswer(previous, fromWire(wire.value), wire.token);
  try {
    return applyPatch(acknowledged, wire);
  } catch (error) {
    // Every record that holds this answer loses the token: on the next connection the server sends the whole value, and
    // no patch to one that may be wrong.
    if (acknowledged) acknowledged.token = undefined;
    throw error;
  }
}

/** The answer of a query that is mapped without one: the server has compared tokens, and the acknowledged one is right. */
function confirmed({ id, acknowledged }: QueryRecord): Answer {
  if (acknowledged?.token !== undefined) return confirmedAnswer(acknowledged);
  throw new Error(`Query ${id} is mapped without an answer.`);
}
