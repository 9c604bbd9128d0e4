import type { WireError } from "../../protocol/outcome.ts";
import type { Wire } from "../../values/wire.ts";
import type { Answer, EncodedAnswer } from "../answers/answer.ts";
import type { LiveQuery } from "../queries/live-query.ts";

/** One query of one client. */
export interface Subscription {
  /** The client's name for it. */
  readonly query: number;
  readonly path: string;
  readonly args: Record<string, Wire>;
  /** How many bytes `args` take as wire text. */
  readonly bytes: number;
  /** The token of the answer that the client has. Follows what it is sent. */
  token: string | undefined;
  /** Undefined until it is bound, and while it is refused and kept. */
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
  answers: Map<LiveQuery, EncodedAnswer>;
}

/**
 * What one client watches, and what of it the client has been sent.
 *
 * All of it are lists, and what is usually not there is undefined: there is one of these for every socket, an empty `Map`
 * takes as much room as everything else in it, most clients watch a few queries, and none more than a few hundred.
 *
 * Not here: finding and running the queries, sockets.
 */
export class Subscriptions {
  readonly #all: Subscription[] = [];
  /** Live queries whose answer is another one than the client has. */
  #changed: LiveQuery[] = [];
  /** Subscriptions that the client has not been told about. */
  #unmapped: Subscription[] = [];
  #refused: Changes["refused"] | undefined;
  /** How many bytes the errors in `#refused` take. Counted once each: all of a large message may be refused. */
  #refusedBytes = 0;

  /** Queries that it watches, and refused ones of which it has yet to be told. */
  get size(): number {
    const untold = this.#refused?.filter(([query]) => !this.has(query)) ?? [];
    return this.#all.length + untold.length;
  }

  /** What all of that takes: bytes of arguments, and of refusals. */
  get bytes(): number {
    return this.#all.reduce((sum, { bytes }) => sum + bytes, this.#refusedBytes);
  }

  /** Is there anything that the client has not been told? */
  get hasNews(): boolean {
    return this.#changed.length > 0 || this.#unmapped.length > 0 || this.#refused !== undefined;
  }

  /** Those that the client has been told nothing about. Do not change it. */
  get unanswered(): readonly Subscription[] {
    return this.#unmapped;
  }

  has(query: number): boolean {
    return this.#all.some((subscription) => subscription.query === query);
  }

  all(): Subscription[] {
    return [...this.#all];
  }

  of(live: LiveQuery): Subscription[] {
    return this.#all.filter((subscription) => subscription.live === live);
  }

  add(subscription: Subscription): void {
    this.#all.push(subscription);
  }

  /** Gets its answers from this live query from now on. @returns the one that this client no longer watches, if any. */
  bind(subscription: Subscription, live: LiveQuery): LiveQuery | undefined {
    const left = this.#unbind(subscription);
    subscription.moving = subscription.moving || subscription.mapped;
    subscription.live = live;
    subscription.mapped = false;
    if (!this.#unmapped.includes(subscription)) this.#unmapped.push(subscription);
    this.#forgetRefusal(subscription.query);
    return left;
  }

  /**
   * It gets no answers. Nothing of it is left but the refusal that the client is to be told.
   * @param isKept It may be bound later after all: then the subscription stays.
   * @returns the live query that this client no longer watches, if any.
   */
  refuse(subscription: Subscription, error: WireError, isKept = false): LiveQuery | undefined {
    const left = this.#unbind(subscription);
    subscription.mapped = false;
    subscription.moving = false;
    remove(this.#unmapped, subscription);
    if (!isKept) remove(this.#all, subscription);
    this.#forgetRefusal(subscription.query);
    this.#refused ??= [];
    this.#refused.push([subscription.query, error]);
    this.#refusedBytes += bytesOf(error);
    return left;
  }

  /** @returns the live query that this client no longer watches, if any. */
  delete(query: number): LiveQuery | undefined {
    this.#forgetRefusal(query);
    const subscription = this.#all.find((one) => one.query === query);
    if (!subscription) return undefined;
    remove(this.#all, subscription);
    remove(this.#unmapped, subscription);
    return this.#unbind(subscription);
  }

  /** This live query has another answer now. */
  change(live: LiveQuery): void {
    if (this.#watches(live) && !this.#changed.includes(live)) this.#changed.push(live);
  }

  /** Its share of the answers that it watches: an answer counts for each of its watchers alike. */
  answerShare(): number {
    const lives = new Set(this.#all.map(({ live }) => live));
    let share = 0;
    for (const live of lives) if (live?.answer) share += live.answer.size / live.watchers.size;
    return share;
  }

  /** Must the client wait, because a query whose answer it shows is now of a live query without one? */
  get incomplete(): boolean {
    for (const subscription of this.#unmapped) if (isShown(subscription) && !subscription.live?.answer) return true;
    return false;
  }

  /** Those of these live queries that the client shows an answer of, or should. */
  showing(lives: ReadonlySet<LiveQuery>): Set<LiveQuery> {
    const shown = new Set<LiveQuery>();
    for (const subscription of this.#all) {
      const { live } = subscription;
      if (live && lives.has(live) && isShown(subscription)) shown.add(live);
    }
    return shown;
  }

  /** Has the client a value that this live query has answered, or that it is to answer anew? */
  hasValueOf(live: LiveQuery): boolean {
    return this.#all.some((subscription) => subscription.live === live && subscription.token !== undefined);
  }

  /** The answers there are now, but for those of `without`. */
  answers(without: ReadonlySet<LiveQuery>): Map<LiveQuery, Answer> {
    const answers = new Map<LiveQuery, Answer>();
    for (const { live } of this.#all) if (live?.answer && !without.has(live)) answers.set(live, live.answer);
    return answers;
  }

  /** The only news, if it is one answer and nothing else: then every client that had the same may be sent the same bytes. */
  takeSingleAnswer(): EncodedAnswer | undefined {
    if (this.#changed.length !== 1 || this.#unmapped.length > 0 || this.#refused) return undefined;
    const live = this.#changed.pop();
    return live?.answer && this.#tell(live, live.answer);
  }

  /**
   * Everything that the client has not been told and that can be said.
   * @param answerOf What counts as the answer of a live query; undefined: it has none to say. Default: the answer it has now.
   */
  takeChanges(answerOf: (live: LiveQuery) => Answer | undefined = (live) => live.answer): Changes {
    const changes: Changes = { maps: [], refused: this.#refused ?? [], answers: new Map() };
    this.#refused = undefined;
    this.#refusedBytes = 0;
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
  #tell(live: LiveQuery, answer: Answer): EncodedAnswer | undefined {
    const now = answer.ok ? answer.token : undefined;
    let had: string | undefined;
    let isFirst = true;
    for (const subscription of this.#all) {
      if (subscription.live !== live) continue;
      // Queries that have different answers are all told the whole one.
      had = isFirst || subscription.token === had ? subscription.token : undefined;
      isFirst = false;
      subscription.token = now;
    }
    if (!answer.ok || had === undefined) return answer;
    return had === now ? undefined : (answer.since(had) ?? answer);
  }

  #unbind(subscription: Subscription): LiveQuery | undefined {
    const { live } = subscription;
    subscription.live = undefined;
    if (!live || this.#watches(live)) return undefined;
    remove(this.#changed, live);
    return live;
  }

  #watches(live: LiveQuery): boolean {
    return this.#all.some((subscription) => subscription.live === live);
  }

  #forgetRefusal(query: number): void {
    const forgotten = this.#refused?.filter(([refused]) => refused === query) ?? [];
    if (forgotten.length === 0) return;
    const left = this.#refused?.filter((refusal) => !forgotten.includes(refusal)) ?? [];
    this.#refused = left.length > 0 ? left : undefined;
    for (const [, error] of forgotten) this.#refusedBytes -= bytesOf(error);
  }
}

function bytesOf(error: WireError): number {
  return Buffer.byteLength(JSON.stringify(error));
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

/** Does the client show an answer for it: one that it was sent, or one that it said it has? */
function isShown({ mapped, moving, token }: Subscription): boolean {
  return mapped || moving || token !== undefined;
}
