import type { Log } from "../../environment/environment.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import type { LiveQueries } from "../queries/live-queries.ts";
import type { EngineLimits } from "../run/limits.ts";

/** A connection, as far as the answers that it makes the server keep are concerned. */
export interface AnswerKeeper {
  /** Its share of the answers that it watches, in bytes: an answer counts for each of its watchers alike. */
  answerShare(): number;
  close(code: number, reason: string): void;
}

/**
 * Bounds the answers that a server keeps. Above the bound the clients with the greatest shares are closed, until it holds
 * or none is left whose share is more than one client's. What many clients share is small for each of them.
 */
export class AnswerBudget {
  readonly #limit: number;
  readonly #limits: EngineLimits;
  readonly #liveQueries: LiveQueries;
  readonly #log: Log;
  /** How much was kept when no client had too great a share: until it is much more, the clients are not looked at again. */
  #sharedByMany = 0;

  /** @param limit In bytes. */
  constructor(limit: number, limits: EngineLimits, liveQueries: LiveQueries, log: Log) {
    this.#limit = limit;
    this.#limits = limits;
    this.#liveQueries = liveQueries;
    this.#log = log;
  }

  /** To be called when answers have become visible. */
  relieve(connections: ReadonlySet<AnswerKeeper>): void {
    const { answerBytes } = this.#liveQueries;
    if (answerBytes <= Math.max(this.#limit, this.#sharedByMany * 1.1)) return;
    this.#sharedByMany = 0;
    const greatestFirst = [...connections]
      .map((connection) => ({ connection, share: connection.answerShare() }))
      .filter(({ share }) => share > this.#limits.keptAnswerBytes)
      .sort((a, b) => b.share - a.share);
    for (const { connection } of greatestFirst) {
      if (this.#liveQueries.answerBytes <= this.#limit) return;
      const { keptAnswerBytes } = this.#limits;
      connection.close(
        CloseCode.tooMany,
        `Its answers take more than ${keptAnswerBytes} bytes, and the server is full.`,
      );
    }
    if (this.#liveQueries.answerBytes <= this.#limit) return;
    this.#sharedByMany = this.#liveQueries.answerBytes;
    const found = `Live queries keep answers of ${this.#sharedByMany} bytes; the limit is ${this.#limit}, and no client keeps too many.`;
    this.#log.warn(`${found} Return fewer rows or fields, or raise limits.serverAnswerBytes and the heap of Node.`);
  }
}
