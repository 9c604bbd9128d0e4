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
 * Answers that came with the page, for an identity that is not known to be that of the connection: there has been no
 * connection yet, or it has another identity. They are shown, as the server rendered them for this browser, until a
 * connection decides.
 *
 * Not here: those of the connection's identity, which ServerAnswers keeps.
 */
export class PreloadedAnswers {
  readonly #queries: QuerySet;
  readonly #answers: ServerAnswers;
  readonly #read = new WeakMap<PreloadedAnswer, RenderedAnswer>();
  /** Identities for which the client has reconnected without getting them. */
  readonly #missed = new Set<string | null | undefined>();

  constructor(queries: QuerySet, answers: ServerAnswers) {
    this.#queries = queries;
    this.#answers = answers;
  }

  /**
   * Decodes an answer, once for each payload. If it equals the answer that the client holds, it is that object.
   * @throws {SyntaxError | ValueError} when it is malformed.
   */
  read(preloaded: PreloadedAnswer): RenderedAnswer {
    let read = this.#read.get(preloaded);
    if (read) return read;
    const { path, args, text, token, ...validity } = preloaded;
    const key = keyOf(path, fromWire(args) as Record<string, unknown>);
    const held = heldAnswer(this.#queries.get(key));
    const isHeld = held?.token === token && held.result.error === undefined;
    const answer = isHeld ? held : goodAnswer(held, fromWire(JSON.parse(text) as Wire), token);
    read = { ...validity, key, answer };
    this.#read.set(preloaded, read);
    return read;
  }

  /**
   * Keeps an answer: as the server's answer if it is for the connection's identity, otherwise as unverified. One for an
   * identity that a reconnect did not get is dropped.
   * @param identity The connection's; undefined when there has been no connection yet.
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
   * Compares all unverified answers with the identity of a new connection. Those for this identity become the server's.
   * @returns whether there are others: the client reconnects once for them, as the browser's cookies may have changed in
   *   the meantime. After that they are dropped.
   */
  verify(identity: string | null | undefined): boolean {
    if (this.#missed.delete(identity)) this.#missed.clear();
    for (const query of this.#queries.all as PreloadedQuery[]) {
      const read = query.unverified;
      query.unverified = undefined;
      if (read) this.take(read, identity);
    }
    const hoped = this.#queries.all.filter(({ unverified }) => unverified);
    for (const { unverified } of hoped) this.#missed.add(unverified?.identity);
    return hoped.length > 0;
  }
}
