import { setTimeout } from "node:timers/promises";
import { and, asc, desc, eq, sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../../lib/functions/context.ts";
import { createFunctions } from "../../lib/functions/define.ts";
import { paginate } from "../../lib/functions/pagination/paginate.ts";
import { paginationOpts } from "../../lib/functions/pagination/pagination-options.ts";
import { ConvexError } from "../../lib/values/errors.ts";
import { ACCOUNTS, OPENING_BALANCE } from "./model.ts";
import { type BankSchema, schemas } from "./schema.ts";

/** Longer than `slowQueryMs`. */
const SLOW_MS = 300;
/** How many of the caller's transfers `mine` shows. */
const MINE = 10;

/** The bank over the tables of one dialect. Every answer holds the version of the branch that it was read at. */
export function functionsFor(dialect: keyof typeof schemas) {
  const { query, mutation } = createFunctions<BankSchema>();
  const { branches, accounts, transfers } = schemas[dialect];
  const args = z.object({ branch: z.string() });
  type Reading = Pick<Database<BankSchema>, "select">;

  const versionOf = async (db: Reading, branch: string) =>
    (await db.select().from(branches).where(eq(branches.id, branch)))[0]?.version ?? 0;
  const balancesOf = async (db: Reading, branch: string) => {
    const rows = await db.select().from(accounts).where(eq(accounts.branch, branch)).orderBy(asc(accounts.number));
    return rows.map(({ balance }) => balance);
  };

  const state = query({
    args,
    handler: async ({ db }, { branch }) => {
      const version = await versionOf(db, branch);
      return { version, balances: await balancesOf(db, branch) };
    },
  });

  const slow = query({
    args,
    handler: async ({ db }, { branch }) => {
      const version = await versionOf(db, branch);
      await setTimeout(SLOW_MS);
      return { version, balances: await balancesOf(db, branch) };
    },
  });

  const history = query({
    args: args.extend({ paginationOpts }),
    handler: ({ db }, { branch, paginationOpts }) =>
      paginate(
        db.select().from(transfers).where(eq(transfers.branch, branch)),
        { orderBy: [desc(transfers.version), desc(transfers.id)] },
        paginationOpts,
      ),
  });

  const mine = query({
    args,
    handler: async ({ db, auth }, { branch }) => {
      const who = (await auth.getUserIdentity())?.subject ?? "anonymous";
      const own = await db
        .select()
        .from(transfers)
        .where(and(eq(transfers.branch, branch), eq(transfers.caller, who)))
        .orderBy(desc(transfers.version))
        .limit(MINE);
      return { who, version: await versionOf(db, branch), transfers: own };
    },
  });

  const everything = query({
    args,
    handler: async ({ db }, { branch }) => {
      const all = await db.select().from(transfers).where(eq(transfers.branch, branch)).orderBy(asc(transfers.version));
      return { version: await versionOf(db, branch), balances: await balancesOf(db, branch), transfers: all };
    },
  });

  const open = mutation({
    args,
    handler: async ({ db }, { branch }) => {
      await db.insert(branches).values({ id: branch, version: 0 });
      for (let number = 0; number < ACCOUNTS; number++) {
        await db.insert(accounts).values({ id: `${branch} ${number}`, branch, number, balance: OPENING_BALANCE });
      }
    },
  });

  const transfer = mutation({
    args: args.extend({ uid: z.string(), from: z.int(), to: z.int(), amount: z.int() }),
    handler: async ({ db, auth, scheduler }, { branch, uid, from, to, amount }) => {
      const caller = (await auth.getUserIdentity())?.subject ?? "anonymous";
      const add = async (number: number, sum: number) => {
        const balance = sql`${accounts.balance} + ${sum}`;
        await db
          .update(accounts)
          .set({ balance })
          .where(eq(accounts.id, `${branch} ${number}`));
      };
      await db
        .update(branches)
        .set({ version: sql`${branches.version} + 1` })
        .where(eq(branches.id, branch));
      const version = await versionOf(db, branch);
      await add(from, -amount);
      await add(to, amount);
      const id = `${branch} ${version}`;
      await db.insert(transfers).values({ id, uid, branch, version, caller, from, to, amount });
      for (const touched of [state, slow, history, mine]) {
        await scheduler.invalidate(touched as unknown as typeof state, { branch });
      }
      // After its writes: nothing of them may stay.
      if (((await balancesOf(db, branch))[from] ?? 0) < 0) throw new ConvexError({ code: "notCovered" });
      return version;
    },
  });

  return { bank: { state, slow, history, mine, everything, open, transfer } };
}
