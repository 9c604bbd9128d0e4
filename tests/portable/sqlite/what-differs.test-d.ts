import { mutation } from "convex-lite/server";
import { expectTypeOf } from "vitest";
import { boards } from "./convex/schema";

const board = { id: "a", name: "a", budget: 1n, createdAt: new Date() };
const set = { name: "b" };

/** What is not in the portable subset, as `docs/databases.md` lists it. */
mutation({
  handler: async ({ db }) => {
    const insert = db.insert(boards).values(board);
    const [row] = await insert.returning();
    expectTypeOf(row?.budget).toEqualTypeOf<bigint | undefined>();
    await insert.onConflictDoUpdate({ target: boards.id, set });
    // @ts-expect-error MySQL's own
    insert.onDuplicateKeyUpdate;
    // @ts-expect-error MySQL's own
    insert.$returningId;
    // @ts-expect-error a transaction that writes has the whole database anyway
    db.select().from(boards).for;
    expectTypeOf((await db.delete(boards)).changes).toEqualTypeOf<number>();
  },
});
