import type { QueryKey } from "../../functions/query-key.ts";
import { type FunctionError, toFunctionError } from "../../protocol/function-error.ts";
import type { Transition, Answer as WireAnswer } from "../../protocol/server-message.ts";
import { fromWire } from "../../values/wire.ts";
import { type Answer, confirmedAnswer, type DatedAnswer, failedAnswer, goodAnswer, isNewer } from "./answer.ts";
import { applyPatch } from "./apply-patch.ts";
import { heldAnswer, type QueryRecord } from "./query-record.ts";
import type { QuerySet } from "./query-set.ts";

/**
 * What the server has answered: on this connection, and what still stands from before it.
 *
 * Not here: our optimistic guesses (see OptimisticAnswers), renders that may be somebody else's (see PreloadedAnswers).
 */
export class ServerAnswers {
  readonly #queries: QuerySet;
  /** The engine we are connected to. Set by `connected`, unset by `disconnected`. */
  #epoch: string | undefined;
  /** What all live answers are valid at. Only grows while connected. */
  #at = -1;

  constructor(queries: QuerySet) {
    this.#queries = queries;
  }

  /** Do we show anything that is older than this connection, and that the server will answer on it? */
  get isCatchingUp(): boolean {
    return this.#queries.subscribed.some((query) => query.pinned && query.stage === "sent");
  }

  /** Nobody watches any more. Remembered, so that a page that returns from a cache shows nothing older. */
  released(query: QueryRecord): void {
    query.cached = this.#best(query);
    query.pinned = query.live = query.acknowledged = undefined;
  }

  /** Takes an answer that did not come over the socket, unless we have one that is as new or of another epoch. */
  fill(key: QueryKey, filling: DatedAnswer): void {
    const query = this.#queries.getOrCreate(key);
    const best = this.#best(query);
    if (best === undefined || isNewer(filling, best)) query.pinned = filling;
    else if (query.live === undefined) query.pinned = best;
    query.cached = undefined;
  }

  /** Remembers the answer to `like` for `key`, too, unless that one has any. */
  seedFrom(key: QueryKey, like: QueryKey): void {
    const query = this.#queries.getOrCreate(key);
    if (heldAnswer(query) === undefined) query.cached = this.#best(this.#queries.getOrCreate(like));
  }

  /** An answer that the client gives itself, for a question it cannot ask. */
  refuse(query: QueryRecord, error: FunctionError): void {
    query.pinned = this.#now(failedAnswer(heldAnswer(query), error));
  }

  connected(epoch: string): void {
    this.#epoch = epoch;
    this.#at = -1;
  }

  /** What was live stands, as of the last transition, until the next connection has answered. */
  disconnected(): void {
    for (const query of this.#queries.subscribed) {
      if (query.live !== undefined) query.pinned = this.#best(query);
      query.live = query.acknowledged = undefined;
    }
    this.#epoch = undefined;
  }

  /** Another identity: nothing of this may be shown again. */
  forget(): void {
    for (const query of this.#queries.all) query.live = query.pinned = query.cached = undefined;
  }

  /**
   * Moves to the state after the transition, whole or not at all.
   * @throws when it cannot be right; nothing has changed then.
   */
  apply({ at, maps, refused = [], answers = [] }: Transition): void {
    if (this.#epoch === undefined) throw new Error("A transition came before Connected.");
    if (!(at >= this.#at)) throw new Error(`A transition leads back from ${this.#at} to ${at}.`);
    const moves = new Map(maps);
    const news = new Map(answers.map((answer) => [answer.live, answer]));
    const errors = new Map(refused.map(([id, error]) => [id, toFunctionError(error)]));
    const changes = this.#queries.subscribed.flatMap((query) => {
      const live = moves.get(query.id) ?? query.live;
      const answer = live && news.get(live);
      if (answer) return { query, live, acknowledged: decoded(query, answer) };
      return moves.has(query.id) ? { query, live, acknowledged: confirmed(query) } : [];
    });

    this.#at = at;
    for (const { query, live, acknowledged } of changes)
      Object.assign(query, { live, acknowledged, stage: "answered" });
    for (const query of this.#queries.subscribed) {
      const error = errors.get(query.id);
      if (error) this.#refused(query, error);
      else if (query.live !== undefined) this.#catchUp(query);
    }
  }

  /** It may be mapped later, when the functions have changed, and by then without an answer: `known` stays. */
  #refused(query: QueryRecord, error: FunctionError): void {
    this.refuse(query, error);
    query.stage = "answered";
    query.live = undefined;
  }

  /** What the connection has caught up with stands no longer. */
  #catchUp(query: QueryRecord): void {
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

/** @throws when it is malformed, or a patch to something else. */
function decoded(query: QueryRecord, wire: WireAnswer): Answer {
  const previous = query.live === undefined ? heldAnswer(query) : query.acknowledged;
  if ("error" in wire) return failedAnswer(previous, toFunctionError(wire.error));
  if ("value" in wire) return goodAnswer(previous, fromWire(wire.value), wire.hash);
  return applyPatch(query.acknowledged, wire);
}

/** The answer of a question that is mapped without one: the server has compared, and what it knows us to have is right. */
function confirmed({ id, acknowledged }: QueryRecord): Answer {
  if (acknowledged?.hash !== undefined) return confirmedAnswer(acknowledged);
  throw new Error(`Question ${id} is mapped without an answer.`);
}
