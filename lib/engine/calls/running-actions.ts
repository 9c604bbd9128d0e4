import { UnavailableError } from "../../protocol/function-error.ts";
import type { EngineLimits } from "../run/limits.ts";

/** Where a call comes from, as far as that is known. */
export interface CallSource {
  /**
   * The network address of its caller: bounds what one address may run. Give one only where it can be trusted and belongs to
   * one caller, not to a proxy.
   * @default none: no bound of an address
   */
  address?: string | undefined;
  /**
   * Aborted when the outcome is not waited for any more. An action is told so by its own `signal`; queries and mutations run
   * to their end.
   * @default none: the caller is taken to wait
   */
  signal?: AbortSignal | undefined;
}

/** One action that runs. */
export interface RunningAction {
  /** Tells it that its result is not waited for any more. */
  readonly signal: AbortSignal;
  /** Aborts its signal. @param why A sentence for the author of the action. */
  tellToStop(why: string): void;
  /** It runs no more. */
  ended(): void;
}

/**
 * The actions that run on this server, also those whose callers are gone: so many of all, of one function and of one
 * address. A bound that belonged to a socket would be left behind with the socket.
 */
export class RunningActions {
  readonly #limits: EngineLimits;
  readonly #all = new Set<RunningAction>();
  readonly #ofFunction = new Map<string, number>();
  readonly #ofAddress = new Map<string, number>();

  constructor(limits: EngineLimits) {
    this.#limits = limits;
  }

  /** @throws {UnavailableError} when too many run, or the caller is gone. Then it must not be begun. */
  begin(path: string, { address, signal }: CallSource): RunningAction {
    if (signal?.aborted) throw new UnavailableError("notSent", "The caller is gone. The action was not begun.");
    this.#admit(path, address);
    const stop = new AbortController();
    const tellToStop = (why: string) => stop.abort(new DOMException(why, "AbortError"));
    const gone = () => tellToStop("The caller of this action is gone.");
    signal?.addEventListener("abort", gone);
    const action: RunningAction = {
      signal: stop.signal,
      tellToStop,
      ended: () => {
        signal?.removeEventListener("abort", gone);
        this.#all.delete(action);
        count(this.#ofFunction, path, -1);
        if (address !== undefined) count(this.#ofAddress, address, -1);
      },
    };
    this.#all.add(action);
    count(this.#ofFunction, path, 1);
    if (address !== undefined) count(this.#ofAddress, address, 1);
    return action;
  }

  tellAllToStop(why: string): void {
    for (const action of [...this.#all]) action.tellToStop(why);
  }

  #admit(path: string, address: string | undefined): void {
    const { serverActions, functionActions, addressActions } = this.#limits;
    const ofAddress = address === undefined ? 0 : (this.#ofAddress.get(address) ?? 0);
    if (ofAddress >= addressActions) throw tooMany(`One address may run ${addressActions} actions at a time.`);
    const ofFunction = this.#ofFunction.get(path) ?? 0;
    if (ofFunction >= functionActions) throw tooMany(`An action may run ${functionActions} times at a time.`);
    if (this.#all.size >= serverActions) throw tooMany(`This server may run ${serverActions} actions at a time.`);
  }
}

function tooMany(bound: string): UnavailableError {
  return new UnavailableError("overloaded", `${bound} It was not begun; try again later.`);
}

function count(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const now = (counts.get(key) ?? 0) + change;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}
