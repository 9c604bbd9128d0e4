import type { Decided } from "../client-records/client-record.ts";

/**
 * Which mutations of one client its next states will contain, and which of them it has not been told of.
 *
 * Not here: deciding mutations (see `Mutations`).
 */
export class ReflectedMutations {
  /** Mutations whose outcome the client does not know. Set by a reconnect, until they have been looked up in a snapshot. */
  #undecided: readonly number[] | undefined;
  /** States older than this one may not be sent: it is not known which of its mutations they contain. */
  #notBefore = 0;
  /** Committed, and not told: from which revision on states contain them. */
  #committed: { request: number; revision: number }[] = [];

  /** The client asks, when it connects, what became of these. */
  ask(undecided: readonly number[]): void {
    this.#undecided = undecided;
  }

  get isAsked(): boolean {
    return this.#undecided !== undefined;
  }

  /**
   * What a snapshot says of them: those decided are reflected by the answers of its revision, and of later ones.
   * @param decided Of the client, undefined when it has no record that is this caller's.
   */
  lookedUp(decided: Decided | undefined, revision: number): void {
    for (const request of this.#undecided ?? []) {
      if (decided && request <= decided.lastDecided) this.committed(request, revision);
    }
    this.#undecided = undefined;
    this.#notBefore = revision;
  }

  committed(request: number, revision: number): void {
    this.#committed.push({ request, revision });
  }

  /** Is it known which of the client's mutations the state of this revision contains? */
  areKnownAt(revision: number): boolean {
    return this.#undecided === undefined && revision >= this.#notBefore;
  }

  /** Those that the state of this revision contains and the client has not been told of. */
  take(revision: number): number[] {
    if (this.#committed.length === 0) return [];
    const reflected = new Set(this.#committed.filter((c) => c.revision <= revision).map((c) => c.request));
    this.#committed = this.#committed.filter((c) => c.revision > revision);
    return [...reflected];
  }

  /** Are there some that only a later revision than this one contains? */
  awaitMoreThan(revision: number): boolean {
    return this.#committed.some((committed) => committed.revision > revision);
  }
}
