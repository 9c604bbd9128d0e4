import type { Caller } from "../../auth/caller.ts";
import type { Environment } from "../../environment/environment.ts";
import type { Identity } from "../../functions/context.ts";
import { toFunctionError, UnavailableError } from "../../protocol/function-error.ts";
import { fromWire, type Wire } from "../../values/wire.ts";
import { encodeResult } from "../answers/encode-result.ts";
import type { Mutations } from "../client-records/mutations.ts";
import type { Transactions } from "../commits/transactions.ts";
import { TimeLimitError } from "../run/failures.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { Registry } from "../run/registry.ts";
import { type Call, perform, resolveCall, schedulerFor } from "../run/run.ts";
import { withTimeLimit } from "../run/time-limit.ts";
import type { QueryOnce } from "./query-once.ts";
import { type CallSource, type RunningAction, RunningActions } from "./running-actions.ts";

export interface ActionParts {
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly transactions: Transactions;
  readonly mutations: Mutations;
  readonly queryOnce: QueryOnce;
  registry(): Registry;
}

const TOLD_TO_STOP = "Outcome unknown: the action was told to stop. What it did before is not undone.";
const PARTLY_DONE = "Outcome unknown: the action failed in a call that it made. What it did before is not undone.";

/** Runs actions: no transaction around them; each query and mutation that they call has one of its own. */
export class Actions {
  readonly #parts: ActionParts;
  readonly #running: RunningActions;
  readonly #ends = new Set<Promise<string>>();

  constructor(parts: ActionParts) {
    this.#parts = parts;
    this.#running = new RunningActions(parts.limits);
  }

  /**
   * @returns the result as wire text.
   * @throws {UnavailableError} when too many run, or the caller is gone: then it is not begun.
   */
  async run(call: Call, caller: Caller, source: CallSource): Promise<string> {
    const action = this.#running.begin(call.path, source);
    const end = this.#run(call, caller, action);
    this.#ends.add(end);
    try {
      return await end;
    } finally {
      this.#ends.delete(end);
      action.ended();
    }
  }

  /** Resolves when no action runs. Never rejects. */
  async settled(): Promise<void> {
    while (this.#ends.size > 0) await Promise.allSettled(this.#ends);
  }

  /** Tells all that run that the server does not wait for them any more. */
  stop(): void {
    this.#running.tellAllToStop("The server stops.");
  }

  async #run(call: Call, caller: Caller, action: RunningAction): Promise<string> {
    const { environment, limits } = this.#parts;
    const work = this.#perform(call, caller, action.signal);
    const late = () => action.tellToStop("The action took longer than its time limit.");
    try {
      const result = await withTimeLimit(environment, limits.actionTimeoutMs, call.path, work, late);
      return encodeResult(call.path, result, limits.resultBytes);
    } catch (error) {
      if (!isAbort(error, action.signal)) throw error;
      throw new UnavailableError("outcomeUnknown", TOLD_TO_STOP);
    }
  }

  /**
   * @throws {UnavailableError} when a call that the action has made is unavailable or took too long. Of that call nothing may be done, but
   * what the action did before it is not undone: tried again, the action may do it twice.
   */
  async #perform(call: Call, caller: Caller, signal: AbortSignal): Promise<unknown> {
    try {
      return await perform(call, this.#contextFor(caller, signal));
    } catch (cause) {
      if (!(cause instanceof UnavailableError || cause instanceof TimeLimitError)) throw cause;
      throw new UnavailableError("outcomeUnknown", PARTLY_DONE, { cause });
    }
  }

  #contextFor(caller: Caller, signal: AbortSignal) {
    const registry = this.#parts.registry();
    const resolve = (kind: "query" | "mutation" | "action", target: unknown, args?: Record<string, unknown>) =>
      resolveCall(registry, kind, target, args);
    return {
      auth: { getUserIdentity: async (): Promise<Identity | null> => caller.identity },
      scheduler: schedulerFor(registry, (invalidations) => this.#parts.transactions.announceNow(invalidations)),
      runQuery: async (target: unknown, args?: Record<string, unknown>) =>
        this.#query(resolve("query", target, args), caller),
      runMutation: async (target: unknown, args?: Record<string, unknown>) =>
        fromWire(JSON.parse(await this.#parts.mutations.applyOnce(resolve("mutation", target, args), caller)) as Wire),
      runAction: async (target: unknown, args?: Record<string, unknown>) =>
        this.#perform(resolve("action", target, args), caller, signal),
      signal,
    };
  }

  async #query(call: Call, caller: Caller): Promise<unknown> {
    const { answer } = await this.#parts.queryOnce.answer(call, caller);
    if (answer.ok) return fromWire(JSON.parse(answer.valueText) as Wire);
    throw toFunctionError(answer.error);
  }
}

/** Has an action ended because it was told to stop, as `fetch` and others end by their signal? */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && error instanceof Error && error.name === "AbortError";
}
