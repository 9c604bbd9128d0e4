import type { Cancel, Environment } from "../../environment/environment.ts";

/** Until when a batch waits for its queries. */
export class Deadline {
  readonly #environment: Environment;
  readonly #at: number;
  /** When the batch began. */
  readonly since: number;
  readonly #passed = Promise.withResolvers<void>();
  readonly #cancel: Cancel;
  #isPassed = false;

  /** @param ms From now on. */
  constructor(environment: Environment, ms: number) {
    this.#environment = environment;
    this.since = environment.now();
    this.#at = this.since + ms;
    this.#cancel = environment.after(ms, () => {
      this.#isPassed = true;
      this.#passed.resolve();
    });
  }

  /** Has it passed? Also where queries block the thread, so that no timer runs between them. */
  get isPassed(): boolean {
    return this.#isPassed || !this.leaves(0);
  }

  /** Are there more than so many milliseconds left? */
  leaves(ms: number): boolean {
    return !this.#isPassed && this.#environment.now() + ms < this.#at;
  }

  /** Have so many milliseconds passed since the batch began? */
  hasTaken(ms: number): boolean {
    return this.#environment.now() - this.since >= ms;
  }

  /** Resolves with whether it passes before this run has ended. */
  passesBefore(run: Promise<unknown>): Promise<boolean> {
    const ended = run.then(
      () => false,
      // Its connection is lost: the rejection reaches the lane, which awaits the run.
      () => false,
    );
    return Promise.race([ended, this.#passed.promise.then(() => true)]);
  }

  /** The batch waits for nothing any more. */
  end(): void {
    this.#cancel();
  }
}
