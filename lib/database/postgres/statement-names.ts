/** The beginning of every name. */
export const OWN_NAMES = "convex_lite_";
/** The most statements of one client that have a name, and the most texts whose second coming is waited for. */
const MOST_NAMES = 128;
const MOST_SEEN = 512;

/**
 * Names for the statements that one client sends again and again. The server reads and plans a statement with a name once,
 * and keeps it until the session ends. A statement gets a name when it comes for the second time.
 */
export class StatementNames {
  readonly #prefix: string;
  readonly #names = new Map<string, string>();
  readonly #seen = new Set<string>();
  #generation = 0;

  /** @param prefix No other client of the same backend has it. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Its name; undefined for a statement that is sent without one. */
  of(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    if (!this.#seen.delete(text) || this.#names.size >= MOST_NAMES) {
      if (this.#seen.size >= MOST_SEEN) this.#seen.clear();
      this.#seen.add(text);
      return undefined;
    }
    const name = `${this.#prefix}_${this.#generation}_${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }

  /** The server has forgotten what was named in the generations before this one: statements are named anew. */
  startGeneration(generation: number): void {
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#names.clear();
  }
}
