import type { Caller, Callers } from "../../auth/caller.ts";
import type { Identity } from "../../functions/context.ts";
import type { FunctionKind } from "../../functions/reference.ts";
import { encodeArguments } from "../../protocol/encode-arguments.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { PreloadedAnswer } from "../../protocol/preloaded.ts";
import type { Wire } from "../../values/wire.ts";
import type { Mutations } from "../client-records/mutations.ts";
import type { PreloadLeases } from "../queries/preload-leases.ts";
import { argumentBytes, checkKeptArguments, parseArguments, readArguments } from "../run/arguments.ts";
import type { Failures } from "../run/failures.ts";
import type { EngineLimits } from "../run/limits.ts";
import { refuseNul } from "../run/nul-characters.ts";
import type { Registry } from "../run/registry.ts";
import { resolveFunction } from "../run/resolve-function.ts";
import type { Call } from "../run/run.ts";
import type { Actions } from "./actions.ts";
import type { QueryOnce } from "./query-once.ts";
import type { CallSource } from "./running-actions.ts";
import type { TellAnswer, WatchedQueries } from "./watched-queries.ts";

/** One function to run for a caller. */
export interface EngineCall extends CallSource {
  /** What kind of function it must be. */
  kind: FunctionKind;
  /** Its path, such as `messages:send`. */
  path: string;
  /** The arguments, as the author of the call gives them. */
  args: Record<string, unknown>;
  /** The identity that calls. Null: anonymous. */
  caller: Identity | null;
  /** May it be an internal function? For the command line, server components and server actions; not for a client. */
  internal?: boolean;
}

export interface CallParts {
  readonly limits: EngineLimits;
  readonly failures: Failures;
  readonly callers: Callers;
  readonly queryOnce: QueryOnce;
  readonly watchedQueries: WatchedQueries;
  readonly leases: PreloadLeases;
  readonly mutations: Mutations;
  readonly actions: Actions;
  /** Whether the database holds U+0000 in a text. */
  readonly holdsNul: boolean;
  /** This start of the engine. */
  readonly epoch: string;
  registry(): Registry;
}

/** Runs a function for a caller that waits for its outcome: HTTP, server components, the command line, actions of sockets. */
export class Calls {
  readonly #parts: CallParts;

  constructor(parts: CallParts) {
    this.#parts = parts;
  }

  async call(request: EngineCall): Promise<Outcome<Wire>> {
    const outcome = await this.callAsText(request);
    return outcome.ok ? { ok: true, value: JSON.parse(outcome.value) as Wire } : outcome;
  }

  /** @returns the result as wire text: a large one is not read and written again to be sent. */
  callAsText({ kind, path, args, caller, internal, ...source }: EngineCall): Promise<Outcome<string>> {
    return this.#outcomeOf(kind, path, () =>
      this.#run(this.#resolve(kind, path, args, internal), this.#parts.callers.of(caller), source),
    );
  }

  /** Tells the answer of a query, and each later one. Resolves when it is watched no more. */
  watch({ kind, path, args, caller, internal, signal }: EngineCall, tell: TellAnswer): Promise<void> {
    const { watchedQueries, callers, failures } = this.#parts;
    return watchedQueries.watch({
      caller: callers.of(caller),
      resolve: () => this.#resolve(kind, path, args, internal),
      failure: (error) => failures.toWireError(error, path, this.#parts.registry().find(kind, path)),
      tell,
      signal,
    });
  }

  /** Runs an action that a socket has asked for. @returns its result as wire text. */
  runAction(path: string, args: Record<string, Wire>, caller: Caller, source: CallSource): Promise<Outcome<string>> {
    return this.#outcomeOf("action", path, () =>
      this.#run(this.#resolve("action", path, readArguments(args, this.#parts.limits.argsDepth)), caller, source),
    );
  }

  /** Answers a query for a page, and keeps the answer for the browser that will subscribe to it. */
  preload(path: string, args: Record<string, unknown>, identity: Identity | null): Promise<Outcome<PreloadedAnswer>> {
    const { limits, callers, queryOnce, leases, epoch } = this.#parts;
    return this.#outcomeOf<PreloadedAnswer>("query", path, async () => {
      const caller = callers.of(identity);
      const wireArgs = encodeArguments(path, args);
      checkKeptArguments(path, argumentBytes(wireArgs), limits);
      const call = this.#resolve("query", path, args);
      const { answer, revision } = await queryOnce.answer(call, caller, (live) => leases.hold(live));
      if (!answer.ok) return { ok: false, error: answer.error };
      const { valueText: text, token } = answer;
      return {
        ok: true,
        value: { path, args: wireArgs, text, token, epoch, at: revision, identity: caller.fingerprint },
      };
    });
  }

  /** A public query that a client wants kept live, with arguments of so many bytes. @throws {BadRequestError} */
  resolveKept(path: string, args: Record<string, Wire>, bytes: number): Call {
    const { limits } = this.#parts;
    checkKeptArguments(path, bytes, limits);
    return this.#resolve("query", path, readArguments(args, limits.argsDepth));
  }

  #resolve(kind: FunctionKind, path: string, args: Record<string, unknown>, internal = false): Call {
    const fn = resolveFunction(this.#parts.registry(), kind, path, internal);
    if (!this.#parts.holdsNul) refuseNul(path, args);
    return { fn, path, args: parseArguments(fn, path, args) };
  }

  async #run(call: Call, caller: Caller, source: CallSource): Promise<Outcome<string>> {
    const { queryOnce, mutations, actions } = this.#parts;
    switch (call.fn.kind) {
      case "query": {
        const { answer } = await queryOnce.answer(call, caller);
        return answer.ok ? { ok: true, value: answer.valueText } : { ok: false, error: answer.error };
      }
      case "mutation":
        return { ok: true, value: await mutations.applyOnce(call, caller) };
      case "action":
        return { ok: true, value: await actions.run(call, caller, source) };
    }
  }

  /** What goes wrong in `body` becomes the error that its caller gets. */
  async #outcomeOf<T>(kind: FunctionKind, path: string, body: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const fn = this.#parts.registry().find(kind, path);
    try {
      return await body();
    } catch (error) {
      return { ok: false, error: this.#parts.failures.toWireError(error, path, fn) };
    }
  }
}
