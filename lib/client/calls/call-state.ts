import type { Cancel } from "../../environment/environment.ts";
import type { FunctionError } from "../../protocol/function-error.ts";

/** The state of the calls of one function by one component. */
export interface CallState {
  /** Has a call not ended yet? */
  readonly isPending: boolean;
  /** The error of the last call that failed. Undefined again when the next call starts. */
  readonly error: FunctionError | undefined;
}

export const NOT_CALLED: CallState = Object.freeze({ isPending: false, error: undefined });

/** Follows the calls of one function by one component. */
export class Calls {
  readonly #listeners = new Set<() => void>();
  #state = NOT_CALLED;
  #running = 0;

  /** The same object until it changes. */
  readonly state = (): CallState => this.#state;

  readonly subscribe = (listener: () => void): Cancel => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Follows a call. Its failure counts as handled, as `error` shows it: also when the caller does not await the call. */
  follow<T>(call: Promise<T>): Promise<T> {
    this.#running++;
    this.#become(undefined);
    const ended = (error: FunctionError | undefined) => {
      this.#running--;
      this.#become(error);
    };
    call.then(() => ended(this.#state.error), ended);
    return call;
  }

  #become(error: FunctionError | undefined): void {
    const isPending = this.#running > 0;
    if (this.#state.isPending === isPending && this.#state.error === error) return;
    this.#state = { isPending, error };
    for (const listener of [...this.#listeners]) listener();
  }
}
