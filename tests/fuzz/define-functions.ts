import { z } from "zod";
import type { Scheduler } from "../../lib/functions/context.ts";
import { createFunctions, type RegisteredFunction } from "../../lib/functions/define.ts";
import { ConvexError } from "../../lib/values/errors.ts";
import type { Item, Op } from "./model.ts";

/** The database, as the mutations need it: over SQL in the fuzzer, over memory in the simulation. */
export interface Store {
  item(id: number): Promise<Item | undefined>;
  put(item: Item): Promise<void>;
  remove(id: number): Promise<void>;
  isPrivate(list: string): Promise<boolean>;
  setPrivate(list: string, isPrivate: boolean): Promise<void>;
  /** The mutation of this number has run, as this caller. Called once per run, as its last write. */
  ran(uid: number, who: string): Promise<void>;
}

export type Queries = Record<
  "inList" | "top" | "visible" | "strict" | "count" | "overview" | "mine" | "pair",
  RegisteredFunction<"query">
>;

const { mutation, internalMutation } = createFunctions<Record<string, unknown>>();

const op = z.object({
  kind: z.enum(["add", "move", "bump", "remove", "toggle"]),
  id: z.int(),
  list: z.string(),
  rank: z.int(),
  savepoint: z.enum(["none", "kept", "thrown"]),
});

export const queryArgs = {
  inList: z.object({ list: z.string() }),
  top: z.object({ list: z.string(), limit: z.int() }),
  pair: z.object({ first: z.string(), second: z.string() }),
};

/** The mutations of the model over any database: each invalidates exactly what it changes. */
export function defineMutations(queries: Queries, storeOf: (db: unknown) => Store) {
  const step = internalMutation({
    args: z.object({ op, owner: z.string() }),
    handler: async (ctx, { op, owner }) => {
      await perform(op, owner, storeOf(ctx.db), ctx.scheduler);
      if (op.savepoint === "thrown") throw new Error("Only this step.");
    },
  });

  const apply = mutation({
    args: z.object({ uid: z.int(), ops: z.array(op), fails: z.boolean() }),
    handler: async (ctx, { uid, ops, fails }) => {
      const store = storeOf(ctx.db);
      const owner = (await ctx.auth.getUserIdentity())?.subject ?? "anonymous";
      for (const op of ops) {
        if (op.savepoint === "none") await perform(op, owner, store, ctx.scheduler);
        else await ctx.runMutation(step as never, { op, owner } as never).catch(ifOwnStep);
      }
      await store.ran(uid, owner);
      if (fails) throw new ConvexError({ code: "refused", uid });
      return uid;
    },
  });

  async function perform(op: Op, owner: string, store: Store, scheduler: Scheduler): Promise<void> {
    for (const list of new Set(await change(op, owner, store))) await announce(list, scheduler);
  }

  /** Everything that a change of this list can change. */
  async function announce(list: string, scheduler: Scheduler): Promise<void> {
    const invalidate = scheduler.invalidate as (query: unknown, args?: Record<string, unknown>) => Promise<void>;
    for (const query of [queries.inList, queries.top, queries.visible, queries.strict])
      await invalidate(query, { list });
    for (const query of [queries.count, queries.overview, queries.mine]) await invalidate(query);
    await invalidate(queries.pair, { first: list });
    await invalidate(queries.pair, { second: list });
  }

  return { apply, step };
}

/** @returns the lists it touched. */
async function change(op: Op, owner: string, store: Store): Promise<string[]> {
  if (op.kind === "toggle") {
    await store.setPrivate(op.list, !(await store.isPrivate(op.list)));
    return [op.list];
  }
  const before = await store.item(op.id);
  if (op.kind === "add") {
    if (before) return [];
    await store.put({ id: op.id, list: op.list, owner, rank: op.rank });
    return [op.list];
  }
  if (!before) return [];
  if (op.kind === "remove") await store.remove(op.id);
  else if (op.kind === "bump") await store.put({ ...before, rank: before.rank + 1 });
  else await store.put({ ...before, list: op.list });
  return op.kind === "move" ? [before.list, op.list] : [before.list];
}

/** A step may fail as it was told to; a conflict or a lost connection must end the whole transaction. */
function ifOwnStep(error: unknown): void {
  if (!(error instanceof Error && error.message === "Only this step.")) throw error;
}
