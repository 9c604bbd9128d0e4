import { ConvexError, mutation, query } from "convex-lite/server";
import { and, asc, count, eq, sql, sum } from "drizzle-orm";
import { z } from "zod";
import { boards, cards, columns } from "./schema";

/** Every board with what its cards come to. */
export const overview = query({
  handler: async ({ db }) => {
    const rows = await db
      .select({
        name: boards.name,
        budget: boards.budget,
        createdAt: boards.createdAt,
        cards: count(cards.id),
        done: sum(sql<number>`case when ${cards.isDone} then 1 else 0 end`),
        cost: sum(cards.cost),
      })
      .from(boards)
      .leftJoin(columns, eq(columns.boardId, boards.id))
      .leftJoin(cards, eq(cards.columnId, columns.id))
      .groupBy(boards.id, boards.name, boards.budget, boards.createdAt)
      .orderBy(asc(boards.name));
    return rows.map((row) => ({ ...row, done: Number(row.done ?? 0), cost: BigInt(row.cost ?? 0) }));
  },
});

/** One board: its columns in order, and in each its cards. */
export const get = query({
  args: z.object({ board: z.string() }),
  handler: async ({ db }, { board }) => {
    const found = await db.query.boards.findFirst({ where: (boards, { eq }) => eq(boards.name, board) });
    if (!found) return null;
    const rows = await db
      .select({ column: columns, card: cards })
      .from(columns)
      .leftJoin(cards, eq(cards.columnId, columns.id))
      .where(eq(columns.boardId, found.id))
      .orderBy(asc(columns.position), asc(cards.position), asc(cards.id));
    const titles = [...new Set(rows.map(({ column }) => column.title))];
    return {
      ...found,
      columns: titles.map((title) => ({
        title,
        cards: rows.flatMap(({ column, card }) => (column.title === title && card ? [card] : [])),
      })),
    };
  },
});

export const create = mutation({
  args: z.object({ name: z.string().min(1), budget: z.bigint(), createdAt: z.date(), columns: z.array(z.string()) }),
  errors: z.object({ code: z.literal("name-taken"), name: z.string() }),
  handler: async ({ db, scheduler }, { name, budget, createdAt, columns: titles }) => {
    const [taken] = await db.select({ id: boards.id }).from(boards).where(eq(boards.name, name));
    if (taken) throw new ConvexError({ code: "name-taken", name });
    const id = crypto.randomUUID();
    await db.insert(boards).values({ id, name, budget, createdAt });
    if (titles.length > 0) {
      const rows = titles.map((title, position) => ({ id: crypto.randomUUID(), boardId: id, title, position }));
      await db.insert(columns).values(rows);
    }
    await scheduler.invalidate(overview);
    await scheduler.invalidate(get, { board: name });
  },
});

/** Where a card may go: a column of a board, by their names. */
export const findColumn = query({
  args: z.object({ board: z.string(), column: z.string() }),
  handler: async ({ db }, { board, column }) => {
    const [found] = await db
      .select({ id: columns.id })
      .from(columns)
      .innerJoin(boards, eq(boards.id, columns.boardId))
      .where(and(eq(boards.name, board), eq(columns.title, column)));
    return found?.id ?? null;
  },
});

/** Takes its columns and their cards with it. */
export const remove = mutation({
  args: z.object({ board: z.string() }),
  handler: async ({ db, scheduler }, { board }) => {
    await db.delete(boards).where(eq(boards.name, board));
    await scheduler.invalidate(overview);
    await scheduler.invalidate(get, { board });
  },
});
