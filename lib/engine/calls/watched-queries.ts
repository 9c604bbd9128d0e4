import type { Caller } from "../../auth/caller.ts";
import type { Outcome, WireError } from "../../protocol/outcome.ts";
import type { Answer } from "../answers/answer.ts";
import type { LiveQueries } from "../queries/live-queries.ts";
import type { LiveQuery, Watcher } from "../queries/live-query.ts";
import type { Call } from "../run/run.ts";
import type { QueryOnce } from "./query-once.ts";

/** Is told an answer, as wire text. Answers that come before the returned promise resolves are skipped, but for the last. */
export type TellAnswer = (answer: Outcome<string>) => void | Promise<void>;

/** One query to watch. */
export interface QueryToWatch {
  readonly caller: Caller;
  /** Finds the query among the functions that are served now. @throws when there is none, or it does not accept the arguments. */
  resolve(): Call;
  /** What the caller is told of an error that `resolve` or the query's run threw. */
  failure(error: unknown): WireError;
  tell: TellAnswer;
  /** Ends it. */
  signal?: AbortSignal | undefined;
}

export interface WatchedQueriesParts {
  readonly queryOnce: QueryOnce;
  readonly liveQueries: LiveQueries;
  /** A query may be awaited that was not before. */
  wake(): void;
}

/** Queries that are watched by the process itself, as those of a page are watched by its connection: for the command line. */
export class WatchedQueries {
  readonly #parts: WatchedQueriesParts;
  readonly #all = new Set<WatchedQuery>();
  #isClosed = false;

  constructor(parts: WatchedQueriesParts) {
    this.#parts = parts;
  }

  /** @returns a promise that resolves when the query is watched no more: its signal is aborted, or the server stops. */
  async watch(query: QueryToWatch): Promise<void> {
    if (this.#isClosed || query.signal?.aborted) return;
    const watched = new WatchedQuery(this.#parts, query);
    this.#all.add(watched);
    query.signal?.addEventListener("abort", () => watched.close(), { once: true });
    watched.bind();
    await watched.ended;
    this.#all.delete(watched);
  }

  /** The functions have been replaced: every query is found and parsed anew. */
  rebindAll(): void {
    for (const watched of this.#all) watched.bind();
  }

  close(): void {
    this.#isClosed = true;
    for (const watched of [...this.#all]) watched.close();
  }
}

/** Passes on the answers of one query at the pace of who is told. */
class WatchedQuery implements Watcher {
  readonly #parts: WatchedQueriesParts;
  readonly #query: QueryToWatch;
  readonly #end = Promise.withResolvers<void>();
  #live: LiveQuery | undefined;
  #isClosed = false;
  /** The last answer that is not told yet. */
  #next: Outcome<string> | undefined;
  #lastTold: string | undefined;
  #isTelling = false;

  constructor(parts: WatchedQueriesParts, query: QueryToWatch) {
    this.#parts = parts;
    this.#query = query;
  }

  get caller(): Caller {
    return this.#query.caller;
  }

  get ended(): Promise<void> {
    return this.#end.promise;
  }

  get takesAnswers(): boolean {
    return !this.#isTelling;
  }

  /** Watches the live query of its call, and tells its present answer. */
  bind(): void {
    this.#leave();
    this.#ask().then(
      (answer) => this.#say(answer),
      (error) => this.#say({ ok: false, error: this.#query.failure(error) }),
    );
  }

  rebind(): void {
    this.bind();
  }

  changed({ answer }: LiveQuery): void {
    if (answer) this.#say(outcomeOf(answer));
  }

  runDetached(): void {}
  detachedFinished(): void {}
  detachedLost(): void {}
  notice(): void {}

  close(): void {
    this.#isClosed = true;
    this.#leave();
    this.#end.resolve();
  }

  async #ask(): Promise<Outcome<string>> {
    const { queryOnce } = this.#parts;
    const { answer } = await queryOnce.answer(this.#query.resolve(), this.caller, (live) => this.#watch(live));
    return outcomeOf(answer);
  }

  #watch(live: LiveQuery): void {
    if (this.#isClosed || this.#live === live) return;
    this.#leave();
    this.#live = live;
    live.watch(this);
  }

  #leave(): void {
    const live = this.#live;
    this.#live = undefined;
    live?.unwatch(this);
    if (live) this.#parts.liveQueries.dropIfIdle(live);
  }

  #say(answer: Outcome<string>): void {
    this.#next = answer;
    if (!this.#isTelling) void this.#tell();
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    try {
      while (this.#next && !this.#isClosed) {
        const answer = this.#next;
        this.#next = undefined;
        const text = answer.ok ? answer.value : JSON.stringify(answer.error);
        if (text !== this.#lastTold) await this.#query.tell(answer);
        this.#lastTold = text;
      }
    } catch {
      // Who is told can be told no more.
      this.close();
    }
    this.#isTelling = false;
    this.#parts.wake();
  }
}

function outcomeOf(answer: Answer): Outcome<string> {
  return answer.ok ? { ok: true, value: answer.valueText } : { ok: false, error: answer.error };
}
