import { ConvexError, internalMutation, mutation, paginate, paginationOpts, query } from "convex-lite/server";
import { and, asc, count, eq, exists, gte, inArray, isNotNull, lt, sql } from "drizzle-orm";
import { z } from "zod";
import { findColumn, get, overview } from "./boards";
import { boards, cards, columns } from "./schema";

const place = z.object({ board: z.string(), column: z.string() });

/** All cards of a board, page by page, the cheapest first. */
export const byCost = query({
  args: z.object({ board: z.string(), paginationOpts }),
  handler: ({ db }, { board, paginationOpts }) =>
    paginate(
      db
        .select({ id: cards.id, title: cards.title, cost: cards.cost, column: columns.title })
        .from(cards)
        .innerJoin(columns, eq(columns.id, cards.columnId))
        .innerJoin(boards, eq(boards.id, columns.boardId))
        .where(eq(boards.name, board)),
      { orderBy: [asc(cards.cost), asc(cards.id)] },
      paginationOpts,
    ),
});

/** What is due before a moment and not done, on boards that have a column of this title. */
export const due = query({
  args: z.object({ before: z.date(), column: z.string() }),
  handler: ({ db }, { before, column }) =>
    db
      .select({ title: cards.title, dueAt: cards.dueAt })
      .from(cards)
      .where(
        and(
          isNotNull(cards.dueAt),
          lt(cards.dueAt, before),
          eq(cards.isDone, false),
          exists(
            db
              .select({ id: columns.id })
              .from(columns)
              .where(and(eq(columns.id, cards.columnId), eq(columns.title, column))),
          ),
        ),
      )
      .orderBy(asc(cards.dueAt)),
});

export const add = mutation({
  args: place.extend({
    title: z.string().min(1),
    labels: z.array(z.string()),
    cost: z.bigint(),
    dueAt: z.date().nullable().default(null),
  }),
  handler: async ({ db, scheduler, runQuery }, { board, column, title, labels, cost, dueAt }) => {
    const columnId = await runQuery(findColumn, { board, column });
    if (columnId === null) throw new ConvexError({ code: "no-such-column" });
    const [present] = await db.select({ count: count() }).from(cards).where(eq(cards.columnId, columnId));
    const id = crypto.randomUUID();
    const position = present?.count ?? 0;
    await db.insert(cards).values({ id, columnId, title, position, labels, cost, isDone: false, dueAt });
    await scheduler.invalidate(overview);
    await scheduler.invalidate(get, { board });
    await scheduler.invalidate(byCost, { board });
    await scheduler.invalidate(due);
    return id;
  },
});

/** Moves a card to the end of another column, and closes the gap it leaves. */
export const move = mutation({
  args: place.extend({ card: z.string() }),
  errors: z.object({ code: z.enum(["no-such-card", "no-such-column"]) }),
  handler: async ({ db, runMutation, runQuery, scheduler }, { board, column, card }) => {
    const moved = await db.query.cards.findFirst({ where: (cards, { eq }) => eq(cards.id, card) });
    if (!moved) throw new ConvexError({ code: "no-such-card" });
    const columnId = await runQuery(findColumn, { board, column });
    const [present] = await db
      .select({ count: count() })
      .from(cards)
      .where(eq(cards.columnId, columnId ?? ""));
    await runMutation(closeGap, { column: moved.columnId, position: moved.position });
    if (columnId === null) throw new ConvexError({ code: "no-such-column" });
    const position = present?.count ?? 0;
    await db
      .update(cards)
      .set({ columnId, position, isDone: column === "done" })
      .where(eq(cards.id, card));
    await scheduler.invalidate(overview);
    await scheduler.invalidate(get, { board });
    await scheduler.invalidate(byCost, { board });
    await scheduler.invalidate(due);
  },
});

export const closeGap = internalMutation({
  args: z.object({ column: z.string(), position: z.number() }),
  handler: async ({ db }, { column, position }) => {
    await db
      .update(cards)
      .set({ position: sql`${cards.position} - 1` })
      .where(and(eq(cards.columnId, column), gte(cards.position, position)));
  },
});

/** Moves those cards that can be: each by itself, so that one which is gone stops no other. */
export const moveEach = mutation({
  args: place.extend({ cards: z.array(z.string()) }),
  handler: async ({ runMutation }, { board, column, cards }) => {
    let moved = 0;
    for (const card of cards) {
      try {
        await runMutation(move, { board, column, card });
        moved++;
      } catch (error) {
        if (!(error instanceof ConvexError)) throw error;
      }
    }
    return moved;
  },
});

export const label = mutation({
  args: z.object({ board: z.string(), cards: z.array(z.string()), label: z.string() }),
  handler: async ({ db, scheduler }, { board, cards: ids, label }) => {
    for (const { id, labels } of await db.select().from(cards).where(inArray(cards.id, ids))) {
      await db
        .update(cards)
        .set({ labels: [...labels, label] })
        .where(eq(cards.id, id));
    }
    await scheduler.invalidate(get, { board });
  },
});
