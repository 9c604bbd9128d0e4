import type { QueryKey } from "../functions/query-key.ts";
import type { PreloadedAnswer } from "../protocol/preloaded.ts";
import { fromWire, type Wire } from "../values/wire.ts";
import { type Answer, type DatedAnswer, goodAnswer, isNewer } from "./answer.ts";
import { keyOf } from "./question.ts";

/** How many unverified answers are kept that nobody watches. */
const UNVERIFIED = 100;

/** What the server rendered for one question, read. */
export interface ReadAnswer extends DatedAnswer {
  readonly key: QueryKey;
  readonly identity: string | null;
}

/**
 * Answers that came with the page and whose identity is not known to be that of the connection: there has been none
 * yet, or it is another. They are shown as the server rendered them for this browser, until a connection tells.
 *
 * Not here: those of the connection's own identity; they are ServerAnswers.
 */
export class PreloadedAnswers {
  readonly #read = new WeakMap<PreloadedAnswer, ReadAnswer>();
  readonly #unverified = new Map<QueryKey, ReadAnswer>();
  /** Identities that were hoped for in a reconnect which did not bring them. */
  readonly #missed = new Set<string | null>();

  /**
   * Reads one, once. `result` is the same object for the same payload, and that of `held` where both are equal.
   * @throws {SyntaxError | ValueError} when it is malformed.
   */
  read(preloaded: PreloadedAnswer, held: (key: QueryKey) => Answer | undefined): ReadAnswer {
    const known = this.#read.get(preloaded);
    if (known) return known;
    const { path, args, text, hash, epoch, at, identity } = preloaded;
    const key = keyOf(path, fromWire(args) as Record<string, unknown>);
    const have = held(key);
    const isHeld = have?.hash === hash && have.result.error === undefined;
    const answer = isHeld ? have : goodAnswer(have, fromWire(JSON.parse(text) as Wire), hash);
    const read = { key, answer, epoch, at, identity };
    this.#read.set(preloaded, read);
    return read;
  }

  answer(key: QueryKey): Answer | undefined {
    return this.#unverified.get(key)?.answer;
  }

  keys(): Iterable<QueryKey> {
    return this.#unverified.keys();
  }

  /** Keeps one until a connection tells. Returns false when a connection has told: it is of nobody we are. */
  hold(read: ReadAnswer, isWatched: (key: QueryKey) => boolean): boolean {
    if (this.#missed.has(read.identity)) return false;
    const current = this.#unverified.get(read.key);
    if (current?.identity === read.identity && !isNewer(read, current)) return true;
    this.#unverified.set(read.key, read);
    this.#forgetOldest(isWatched);
    return true;
  }

  /**
   * Compares with the identity of a new connection.
   * @returns `ours` are of this identity and leave this store. `reconnect`: others are not, and it is worth one more
   * connection to see whether the browser's cookies have changed since; after that they are gone.
   */
  verify(identity: string | null): { ours: ReadAnswer[]; reconnect: boolean } {
    const ours = [...this.#unverified.values()].filter((read) => read.identity === identity);
    for (const { key } of ours) this.#unverified.delete(key);
    if (this.#missed.delete(identity)) this.#missed.clear();
    let reconnect = false;
    for (const read of this.#unverified.values()) {
      if (this.#missed.has(read.identity)) this.#unverified.delete(read.key);
      else reconnect = true;
    }
    for (const read of this.#unverified.values()) this.#missed.add(read.identity);
    return { ours, reconnect };
  }

  #forgetOldest(isWatched: (key: QueryKey) => boolean): void {
    if (this.#unverified.size <= UNVERIFIED) return;
    for (const key of this.#unverified.keys()) {
      if (!isWatched(key)) return void this.#unverified.delete(key);
    }
  }
}
