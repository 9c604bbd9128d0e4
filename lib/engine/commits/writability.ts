import { type Unwritable, unwritableBecause } from "../../database/driver/unwritable.ts";
import type { Log } from "../../environment/environment.ts";

/** Whether the database takes writes, as the last mutation has found it. Nothing is tried for the sake of knowing. */
export class Writability {
  readonly #log: Log;
  #reason: Unwritable | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Why the last write failed. Undefined when one has succeeded since, or none has failed for such a reason. */
  get reason(): Unwritable | undefined {
    return this.#reason;
  }

  /** Learns from the outcome of a write, and passes it on. */
  async observe<T>(write: Promise<T>): Promise<T> {
    try {
      const value = await write;
      if (this.#reason) this.#log.info("The database takes writes again.");
      this.#reason = undefined;
      return value;
    } catch (error) {
      const reason = unwritableBecause(error);
      if (reason && reason !== this.#reason) {
        this.#reason = reason;
        this.#log.error(
          `Mutations fail: ${reason}. Queries are answered, and /healthz says so until a write succeeds.`,
        );
      }
      throw error;
    }
  }
}
