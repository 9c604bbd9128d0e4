import type { Cancel } from "../../environment/environment.ts";
import type { FunctionError } from "../../protocol/function-error.ts";
import { share } from "../../values/share.ts";

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
  /** Does the component read `error`? */
  isErrorRead = false;

  /** The same object until it changes. */
  readonly state = (): CallState => this.#state;

  readonly subscribe = (listener: () => void): Cancel => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /**
   * Follows a call.
   * @returns the same outcome. If `error` has been read before, a failure is shown to the user: it counts as handled then,
   *   also when the caller does not await the call.
   */
  follow<T>(call: Promise<T>): Promise<T> {
    this.#become(1, undefined);
    call.then(
      () => this.#become(-1, this.#state.error),
      (error) => this.#become(-1, error),
    );
    // The call itself is handled by now, a promise that follows it is not.
    return this.isErrorRead ? call : call.then();
  }

  #become(more: number, error: FunctionError | undefined): void {
    this.#running += more;
    this.#state = share(this.#state, { isPending: this.#running > 0, error });
    for (const listener of [...this.#listeners]) listener(); // the hook compares the state itself
  }
}
