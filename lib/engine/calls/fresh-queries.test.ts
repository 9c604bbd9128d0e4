import { eq } from "drizzle-orm";
import { pgTable, text } from "drizzle-orm/pg-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { DatabaseForTests } from "../../../tests/support/databases/database-for-tests.ts";
import { Nowhere } from "../../../tests/support/databases/nowhere.ts";
import { describeOn } from "../../../tests/support/databases/with-every-database.ts";
import { EngineScene } from "../../../tests/support/engine-scene.ts";
import type { Driver } from "../../database/driver/driver.ts";
import { createFunctions } from "../../functions/define.ts";
import { createReferences } from "../../functions/reference.ts";
import { ConvexError } from "../../values/errors.ts";

const sessions = pgTable("sessions", { token: text().primaryKey(), person: text().notNull() });
const schema = { sessions };
const { query, internalQuery, mutation } = createFunctions<typeof schema>();

const args = z.object({ token: z.string() });
const read = internalQuery({
  args,
  handler: async ({ db, auth }, { token }) => {
    const [found] = await db.select().from(sessions).where(eq(sessions.token, token));
    return { person: found?.person ?? null, caller: await auth.getUserIdentity() };
  },
});
const shown = query({ args, handler: ({ runQuery }, given) => runQuery(read, given) });
const begin = mutation({
  args,
  handler: async ({ db }, { token }) => void (await db.insert(sessions).values({ token, person: "ada" })),
});
/** Forgets to say what it changes. */
const end = mutation({
  args,
  handler: async ({ db }, { token }) => void (await db.delete(sessions).where(eq(sessions.token, token))),
});
const refused = internalQuery({
  handler: () => {
    throw new ConvexError({ code: "locked" });
  },
});
const its = { read, shown, begin, end, refused };
// biome-ignore lint/suspicious/noExplicitAny: the tests name their functions by text
const internal = createReferences<any>("internal");
const token = { token: "t1" };

await describeOn.PGlite("a query that identify asks", ({ open }) => {
  const database = new DatabaseForTests(schema, () => open(schema));
  let scene: EngineScene<Driver>;
  beforeEach(() => {
    scene = new EngineScene({ its }, { driver: database.driver, schema });
  });
  afterEach(() => scene?.close());
  const fresh = (name: string, given?: Record<string, unknown>) => scene.engine.queryFresh(internal.its[name], given);

  test("reads what the database holds now, and never what an open page still shows", async () => {
    await scene.mutation("its:begin", token);
    const page = await scene.watching(["its:shown", token]);
    expect(await fresh("read", token)).toEqual({ person: "ada", caller: null });
    await scene.mutation("its:end", token);
    await scene.engine.settled();
    expect(page.value(1)).toMatchObject({ person: "ada" });
    expect(await fresh("read", token)).toEqual({ person: null, caller: null });
  });

  test("fails as its handler does, and leaves the database to others", async () => {
    await expect(fresh("refused")).rejects.toMatchObject({ kind: "application", data: { code: "locked" } });
    await expect(fresh("read", { token: 7 })).rejects.toThrow(/its:read/);
    expect(await fresh("read", token)).toMatchObject({ person: null });
  });
});

describe("queries that identify asks, without a database", () => {
  const entered: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<string>>();
  const wait = internalQuery({
    args,
    handler: async (_ctx, { token }) => {
      entered.push(token);
      const gate = Promise.withResolvers<string>();
      gates.set(token, gate);
      return gate.promise;
    },
  });
  let scene: EngineScene;
  beforeEach(() => {
    entered.length = 0;
    scene = new EngineScene({ its: { wait } }, { driver: new Nowhere({ connections: 8 }) });
  });
  afterEach(async () => {
    for (const gate of gates.values()) gate.resolve("");
    await scene.close();
  });
  const fresh = (name: string) => scene.engine.queryFresh(internal.its.wait, { token: name });

  test("are named by a reference, not by a text", async () => {
    await expect(scene.engine.queryFresh("its:wait", token)).rejects.toThrow(/Expected a query.*Found a value of type/);
    await expect(scene.engine.queryFresh(internal.its.nothing)).rejects.toThrow(/There is no query at "its:nothing"/);
  });

  test("run a few at once, so that mutations and live queries have connections, and the others in their turn", async () => {
    const asked = ["a", "b", "c"].map(fresh);
    await scene.rest();
    expect(entered).toEqual(["a", "b"]);
    gates.get("a")?.resolve("done");
    expect(await asked[0]).toBe("done");
    await scene.rest();
    expect(entered).toEqual(["a", "b", "c"]);
    for (const name of ["b", "c"]) gates.get(name)?.resolve("done");
    await Promise.all(asked);
  });

  test("end after 5 s, whatever they wait for, and what waited behind them as long is not run any more", async () => {
    const asked = ["a", "b", "c"].map((name) => fresh(name).catch(String));
    await scene.timePasses(4_999);
    expect(scene.driver.destroyed).toBe(0);
    await scene.timePasses(1);
    const late = expect.stringContaining("its:wait took longer than 5000 ms. Do less in it: identify waits for it");
    expect(await Promise.all(asked)).toEqual([late, late, late]);
    expect(scene.driver.destroyed).toBe(2);
    expect(entered).toEqual(["a", "b"]);
    const next = fresh("d");
    await scene.rest();
    gates.get("d")?.resolve("done");
    expect(await next).toBe("done");
  });
});
