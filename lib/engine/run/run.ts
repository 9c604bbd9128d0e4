import type { Caller } from "../../auth/caller.ts";
import type { Auth, InvalidateOptions, Scheduler } from "../../functions/context.ts";
import type { RegisteredFunction } from "../../functions/define.ts";
import type { FunctionKind } from "../../functions/reference.ts";
import type { Invalidation } from "../../invalidation/invalidation.ts";
import { BadRequestError } from "../../protocol/function-error.ts";
import { parseArguments, parseMatch } from "./arguments.ts";
import { parseBy } from "./parse.ts";
import type { Registry } from "./registry.ts";
import { UnawaitedWrites } from "./unawaited-writes.ts";

/** One function at its path, with arguments that have been parsed. */
export interface Call {
  readonly fn: RegisteredFunction;
  readonly path: string;
  readonly args: Record<string, unknown>;
}

/**
 * Runs handlers inside one transaction, and collects what the run did beside its result: whether it asked who is
 * calling, and what it wants to invalidate. One object per transaction.
 */
export class Run {
  readonly #registry: Registry;
  readonly #caller: Caller;
  readonly #warn: ((message: string) => void) | undefined;
  #readsIdentity = false;
  readonly #invalidations: Invalidation[] = [];

  /** @param warn Takes what the author of the functions should see. In development only. */
  constructor(registry: Registry, caller: Caller, warn?: (message: string) => void) {
    this.#registry = registry;
    this.#caller = caller;
    this.#warn = warn;
  }

  /** Did any handler of this run ask who is calling? Then its result is for that caller only. */
  get readsIdentity(): boolean {
    return this.#readsIdentity;
  }

  get invalidations(): readonly Invalidation[] {
    return this.#invalidations;
  }

  /** @param db The Drizzle database of a read transaction. */
  query(call: Call, db: unknown): Promise<unknown> {
    return perform(call, { db, auth: this.#auth, runQuery: this.#runQuery(db) });
  }

  /** @param db The Drizzle database of a write transaction, or of a savepoint in it. */
  mutation(call: Call, db: unknown): Promise<unknown> {
    return this.#warn ? this.#watched(call, db, this.#warn) : this.#mutation(call, db, db);
  }

  /** In development: tells of writes that the handler has not awaited. */
  async #watched(call: Call, db: unknown, warn: (message: string) => void): Promise<unknown> {
    const writes = new UnawaitedWrites();
    const result = await this.#mutation(call, db, writes.watch(db));
    for (const statement of writes.statements) {
      warn(`${call.path} has not awaited ${statement}…: it was not sent, and nothing of it is written. Await it.`);
    }
    return result;
  }

  /** @param watched `db`, or what watches it. */
  #mutation(call: Call, db: unknown, watched: unknown): Promise<unknown> {
    return perform(call, {
      db: watched,
      auth: this.#auth,
      scheduler: schedulerFor(this.#registry, async (invalidations) => {
        this.#invalidations.push(...invalidations);
      }),
      runQuery: this.#runQuery(db),
      runMutation: this.#runMutation(db),
    });
  }

  readonly #auth: Auth = {
    getUserIdentity: async () => {
      this.#readsIdentity = true;
      return this.#caller.identity;
    },
  };

  #runQuery(db: unknown) {
    return async (target: unknown, args?: Record<string, unknown>): Promise<unknown> =>
      this.query(resolveCall(this.#registry, "query", target, args), db);
  }

  /** Savepoints of one level go one after another: interleaved, one's rollback would take the other's writes. */
  #runMutation(db: unknown) {
    let previous: Promise<unknown> = Promise.resolve();
    return (target: unknown, args?: Record<string, unknown>): Promise<unknown> => {
      const next = previous.then(() =>
        this.#inSavepoint(db as Savepoints, resolveCall(this.#registry, "mutation", target, args)),
      );
      previous = next.catch(() => {});
      return next;
    };
  }

  async #inSavepoint(db: Savepoints, call: Call): Promise<unknown> {
    const before = this.#invalidations.length;
    try {
      return await db.transaction((savepoint) => this.mutation(call, savepoint));
    } catch (error) {
      this.#invalidations.length = before;
      throw error;
    }
  }
}

/** What the engine needs of a Drizzle database inside a transaction. */
interface Savepoints {
  transaction<T>(body: (savepoint: unknown) => Promise<T>): Promise<T>;
}

/** Calls the handler and checks its result by the function's `returns`. */
export async function perform(call: Call, ctx: unknown): Promise<unknown> {
  const { fn, path, args } = call;
  const result = await fn.handler(ctx as never, args as never);
  if (!fn.returns) return result;
  const checked = parseBy(fn.returns, result, path, "returns");
  if (checked.success) return checked.data;
  throw new TypeError(`${path} answered what its \`returns\` schema does not accept: ${checked.error.message}`);
}

/** A call that one function makes of another. @throws when there is no such function or the arguments do not parse. */
export function resolveCall(
  registry: Registry,
  kind: FunctionKind,
  target: unknown,
  args: Record<string, unknown> = {},
): Call {
  const [path = ""] = registry.pathsOf(target, kind);
  const fn = registry.find(kind, path) as RegisteredFunction;
  return { fn, path, args: ofTheAuthor(() => parseArguments(fn, path, args)) };
}

/** What a function hands on is its author's affair: the caller's own arguments have been accepted. */
function ofTheAuthor<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof BadRequestError) throw new TypeError(error.message, { cause: error });
    throw error;
  }
}

/** @throws {TypeError} for one that would limit nothing, as where a field of a row is undefined. */
function checkedSubject({ subject }: InvalidateOptions): string {
  if (typeof subject === "string" && subject !== "") return subject;
  throw new TypeError(
    `Expected invalidate(query, args, { subject }) with the subject of an identity, a text. Found ${subject === "" ? "an empty text" : typeof subject}. ` +
      "Leave the third argument out to touch the results of all callers.",
  );
}

/** A scheduler that hands what is invalidated to `collect`. */
export function schedulerFor(registry: Registry, collect: (invalidations: Invalidation[]) => Promise<void>): Scheduler {
  return {
    invalidate: async (query: unknown, partial: Record<string, unknown> = {}, options?: InvalidateOptions) => {
      const paths = registry.pathsOf(query, "query");
      const limit = options && { subject: checkedSubject(options) };
      await collect(
        paths.map((path) => ({
          ...limit,
          path,
          match: ofTheAuthor(() => parseMatch(registry.find("query", path) as RegisteredFunction, path, partial)),
        })),
      );
    },
  } as Scheduler;
}
