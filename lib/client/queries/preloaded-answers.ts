import type { PreloadedAnswer } from "../../protocol/preloaded.ts";
import { fromWire, type Wire } from "../../values/wire.ts";
import { keyOf } from "../calls/named-call.ts";
import { goodAnswer, isNewer, type RenderedAnswer } from "./answer.ts";
import { heldAnswer, type PreloadPart, type QueryRecord } from "./query-record.ts";
import type { QuerySet } from "./query-set.ts";
import type { ServerAnswers } from "./server-answers.ts";

/** A record, of which this file writes what came with the page. */
type PreloadedQuery = QueryRecord & PreloadPart;

/**
 * Answers that came with the page and whose identity is not known to be that of the connection: there has been none
 * yet, or it is another. They are shown as the server rendered them for this browser, until a connection tells.
 *
 * Not here: those of the connection's own identity; they are ServerAnswers.
 */
export class PreloadedAnswers {
  readonly #queries: QuerySet;
  readonly #answers: ServerAnswers;
  readonly #read = new WeakMap<PreloadedAnswer, RenderedAnswer>();
  /** Identities that were hoped for in a reconnect which did not bring them. */
  readonly #missed = new Set<string | null | undefined>();

  constructor(queries: QuerySet, answers: ServerAnswers) {
    this.#queries = queries;
    this.#answers = answers;
  }

  /**
   * Reads one, once. `result` is the same object for the same payload, and that of the answer we hold where both are equal.
   * @throws {SyntaxError | ValueError} when it is malformed.
   */
  read(preloaded: PreloadedAnswer): RenderedAnswer {
    const known = this.#read.get(preloaded);
    if (known) return known;
    const { path, args, text, hash, epoch, at, identity } = preloaded;
    const key = keyOf(path, fromWire(args) as Record<string, unknown>);
    const held = heldAnswer(this.#queries.get(key));
    const isHeld = held?.hash === hash && held.result.error === undefined;
    const answer = isHeld ? held : goodAnswer(held, fromWire(JSON.parse(text) as Wire), hash);
    const read = { key, answer, epoch, at, identity };
    this.#read.set(preloaded, read);
    return read;
  }

  /**
   * Keeps one: as the server's answer if it is of who we are, otherwise until a connection tells. One that a connection
   * has told of already is of nobody we are.
   * @param identity Of the connection; undefined when there has been none yet.
   */
  take(read: RenderedAnswer, identity: string | null | undefined): void {
    if (read.identity === identity) this.#answers.fill(read.key, read);
    else if (!this.#missed.has(read.identity)) {
      const query: PreloadedQuery = this.#queries.getOrCreate(read.key);
      const current = query.unverified;
      if (current?.identity !== read.identity || isNewer(read, current)) query.unverified = read;
    }
  }

  /**
   * Compares with the identity of a new connection. What is of this identity leaves this store.
   * @returns whether others are not, and it is worth one more connection to see whether the browser's cookies have
   * changed since; after that they are gone.
   */
  verify(identity: string | null | undefined): boolean {
    if (this.#missed.delete(identity)) this.#missed.clear();
    const hoped = new Set<string | null>();
    for (const query of this.#queries.all as PreloadedQuery[]) {
      const read = query.unverified;
      if (read === undefined) continue;
      if (read.identity !== identity && !this.#missed.has(read.identity)) {
        hoped.add(read.identity);
        continue;
      }
      query.unverified = undefined;
      if (read.identity === identity) this.#answers.fill(query.key, read);
    }
    for (const missed of hoped) this.#missed.add(missed);
    return hoped.size > 0;
  }
}
