import { mutation } from "convex-lite/server";
import { expectTypeOf } from "vitest";
import { boards } from "./convex/schema";

const board = { id: "a", name: "a", budget: 1n, createdAt: new Date() };
const set = { name: "b" };

/** What is not in the portable subset, as `docs/databases.md` lists it. */
mutation({
  handler: async ({ db }) => {
    const insert = db.insert(boards).values(board);
    await insert.onDuplicateKeyUpdate({ set });
    await insert.$returningId();
    // @ts-expect-error not in MySQL
    insert.returning;
    // @ts-expect-error not in MySQL
    insert.onConflictDoUpdate;
    await db.select().from(boards).for("update");
    expectTypeOf((await db.delete(boards))[0].affectedRows).toEqualTypeOf<number>();
  },
});
