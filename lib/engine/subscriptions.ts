import type { WireError } from "../protocol/outcome.ts";
import type { Wire } from "../values/wire.ts";
import type { Answer, LiveQuery, Told } from "./live-query.ts";

/** One query of one client. */
export interface Subscription {
  /** The client's name for it. */
  readonly query: number;
  readonly path: string;
  readonly args: Record<string, Wire>;
  /** The hash of the answer that the client has. Follows what it is sent. */
  hash: string | undefined;
  /** Undefined while it is refused (no such function, arguments that do not parse). */
  live: LiveQuery | undefined;
  /** Has the client been told which live query it gets answers of? */
  mapped: boolean;
  /** The client had answers under another live query before: nothing may be sent until the new one has answered. */
  moving: boolean;
}

/** What one transition says, before it is written down. */
export interface Changes {
  maps: [query: number, live: number][];
  refused: [query: number, error: WireError][];
  answers: Map<LiveQuery, Told>;
}

/**
 * What one client watches, and what of it the client has been sent.
 *
 * What is usually empty, or holds one, is a list: there is one of these for every socket, an empty `Set` takes as much
 * room as everything else in it, and all of them are gone through for an answer that everybody watches.
 *
 * Not here: finding and running the queries, sockets.
 */
export class Subscriptions {
  readonly #byQuery = new Map<number, Subscription>();
  readonly #byLive = new Map<LiveQuery, Subscription[]>();
  /** Live queries whose answer is another one than the client has. */
  #changed: LiveQuery[] = [];
  /** Subscriptions that the client has not been told about. */
  #unmapped: Subscription[] = [];
  #refused: [query: number, error: WireError][] = [];

  get size(): number {
    return this.#byQuery.size;
  }

  /** Is there anything that the client has not been told? */
  get hasNews(): boolean {
    return this.#changed.length > 0 || this.#unmapped.length > 0 || this.#refused.length > 0;
  }

  has(query: number): boolean {
    return this.#byQuery.has(query);
  }

  all(): Subscription[] {
    return [...this.#byQuery.values()];
  }

  of(live: LiveQuery): Subscription[] {
    return [...(this.#byLive.get(live) ?? [])];
  }

  add(subscription: Subscription): void {
    this.#byQuery.set(subscription.query, subscription);
  }

  /** Gets its answers from this live query from now on. Returns the one that nobody here watches any more, if any. */
  bind(subscription: Subscription, live: LiveQuery): LiveQuery | undefined {
    const left = this.#unbind(subscription);
    subscription.moving = subscription.moving || subscription.mapped;
    subscription.live = live;
    subscription.mapped = false;
    if (!this.#unmapped.includes(subscription)) this.#unmapped.push(subscription);
    this.#forgetRefusal(subscription.query);
    const sharing = this.#byLive.get(live);
    if (sharing) sharing.push(subscription);
    else this.#byLive.set(live, [subscription]);
    return left;
  }

  refuse(subscription: Subscription, error: WireError): LiveQuery | undefined {
    const left = this.#unbind(subscription);
    subscription.live = undefined;
    subscription.mapped = false;
    subscription.moving = false;
    remove(this.#unmapped, subscription);
    this.#forgetRefusal(subscription.query);
    this.#refused.push([subscription.query, error]);
    return left;
  }

  /** Returns the live query that nobody here watches any more, if any. */
  delete(query: number): LiveQuery | undefined {
    const subscription = this.#byQuery.get(query);
    if (!subscription) return undefined;
    this.#byQuery.delete(query);
    remove(this.#unmapped, subscription);
    this.#forgetRefusal(query);
    return this.#unbind(subscription);
  }

  /** This live query has another answer now. */
  change(live: LiveQuery): void {
    if (this.#byLive.has(live) && !this.#changed.includes(live)) this.#changed.push(live);
  }

  /** Must the client wait, because a query whose answer it shows is now of a live query without one? */
  get incomplete(): boolean {
    for (const subscription of this.#unmapped) if (isShown(subscription) && !subscription.live?.answer) return true;
    return false;
  }

  /** Does the client show an answer that comes from this live query, or should? */
  shows(live: LiveQuery): boolean {
    for (const subscription of this.#byLive.get(live) ?? []) if (isShown(subscription)) return true;
    return false;
  }

  /** The answers there are now, but for those of `without`. */
  answers(without: ReadonlySet<LiveQuery>): Map<LiveQuery, Answer> {
    const answers = new Map<LiveQuery, Answer>();
    for (const live of this.#byLive.keys()) if (live.answer && !without.has(live)) answers.set(live, live.answer);
    return answers;
  }

  /** The only news, if it is one answer and nothing else: then every client that had the same may be sent the same bytes. */
  takeSingleAnswer(): Told | undefined {
    if (this.#changed.length !== 1 || this.#unmapped.length > 0 || this.#refused.length > 0) return undefined;
    const live = this.#changed.pop();
    return live?.answer && this.#tell(live, live.answer);
  }

  /**
   * Everything that the client has not been told and that can be said.
   * @param answerOf What counts as the answer of a live query; undefined: it has none to say. Default: the answer it has now.
   */
  takeChanges(answerOf: (live: LiveQuery) => Answer | undefined = (live) => live.answer): Changes {
    const changes: Changes = { maps: [], refused: this.#refused, answers: new Map() };
    this.#refused = [];
    const changed = this.#changed;
    this.#changed = changed.filter((live) => answerOf(live) !== live.answer);
    for (const live of changed) {
      const answer = answerOf(live);
      const told = answer && this.#tell(live, answer);
      if (told) changes.answers.set(live, told);
    }
    const unmapped = this.#unmapped;
    this.#unmapped = unmapped.filter(({ live }) => !live || !answerOf(live));
    for (const subscription of unmapped) {
      const { live } = subscription;
      const answer = live && answerOf(live);
      if (!live || !answer) continue;
      subscription.mapped = true;
      subscription.moving = false;
      changes.maps.push([subscription.query, live.id]);
      const told = this.#tell(live, answer);
      if (told) changes.answers.set(live, told);
    }
    return changes;
  }

  /** What to tell the client of this answer; undefined when it has it already. Notes that it has it from now on. */
  #tell(live: LiveQuery, answer: Answer): Told | undefined {
    const now = answer.ok ? answer.hash : undefined;
    const sharing = this.#byLive.get(live) ?? [];
    let had = sharing[0]?.hash;
    for (const subscription of sharing) {
      // Queries that have different answers are all told the whole one.
      if (subscription.hash !== had) had = undefined;
      subscription.hash = now;
    }
    if (!answer.ok || had === undefined) return answer;
    return had === now ? undefined : (answer.since(had) ?? answer);
  }

  #unbind(subscription: Subscription): LiveQuery | undefined {
    const { live } = subscription;
    if (!live) return undefined;
    const sharing = this.#byLive.get(live);
    if (sharing) remove(sharing, subscription);
    if (!sharing || sharing.length > 0) return undefined;
    this.#byLive.delete(live);
    remove(this.#changed, live);
    return live;
  }

  #forgetRefusal(query: number): void {
    if (this.#refused.length > 0) this.#refused = this.#refused.filter(([refused]) => refused !== query);
  }
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

/** Does the client show an answer for it: one that it was sent, or one that it said it has? */
function isShown({ mapped, moving, hash }: Subscription): boolean {
  return mapped || moving || hash !== undefined;
}
