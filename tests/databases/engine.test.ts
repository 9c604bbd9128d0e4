import { createReferences, type PublicReferences } from "convex-lite/client";
import { createFunctions } from "convex-lite/server";
import { eq } from "drizzle-orm";
import * as mysql from "drizzle-orm/mysql-core";
import * as pg from "drizzle-orm/pg-core";
import * as sqlite from "drizzle-orm/sqlite-core";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { startWebsocketProxy } from "../../lib/database/contract/websocket-proxy.ts";
import { createTables } from "../../lib/database/create-tables.ts";
import type { Driver } from "../../lib/database/driver.ts";
import { createInternalTables } from "../../lib/database/internal-tables.ts";
import { openMysql } from "../../lib/database/mysql.ts";
import { openNeon } from "../../lib/database/neon.ts";
import { openPostgres } from "../../lib/database/postgres.ts";
import { openTemporary } from "../../lib/database/temporary.ts";
import { describeWithMysql } from "../../lib/database/with-mysql.ts";
import { describeWithPostgres } from "../../lib/database/with-postgres.ts";
import { World } from "../../lib/testing/world.ts";

const log = { info() {}, warn() {}, error() {} };

const schemas = {
  pg: {
    counters: pg.pgTable("counters", { name: pg.varchar({ length: 50 }).primaryKey(), value: pg.integer().notNull() }),
  },
  sqlite: {
    counters: sqlite.sqliteTable("counters", { name: sqlite.text().primaryKey(), value: sqlite.integer().notNull() }),
  },
  mysql: {
    counters: mysql.mysqlTable("counters", {
      name: mysql.varchar({ length: 50 }).primaryKey(),
      value: mysql.int().notNull(),
    }),
  },
};

/** Written once: the tables of the other dialects pass for PostgreSQL's. */
function counting({ counters }: typeof schemas.pg) {
  const { query, mutation } = createFunctions<typeof schemas.pg>();
  const name = z.object({ name: z.string() });
  const get = query({
    args: name,
    handler: async ({ db }, { name }) =>
      (await db.query.counters.findFirst({ where: (counters, { eq }) => eq(counters.name, name) }))?.value ?? 0,
  });
  const all = query({ handler: ({ db }) => db.select().from(counters).orderBy(counters.name) });
  /** Reads and writes what it read: two of these at once cannot both go through. */
  const increment = mutation({
    args: name,
    handler: async ({ db, scheduler }, { name }) => {
      const [found] = await db.select().from(counters).where(eq(counters.name, name));
      const value = (found?.value ?? 0) + 1;
      if (found) await db.update(counters).set({ value }).where(eq(counters.name, name));
      else await db.insert(counters).values({ name, value });
      await scheduler.invalidate(get, { name });
      await scheduler.invalidate(all);
      return value;
    },
  });
  const incrementAndFail = mutation({
    args: name,
    handler: async ({ runMutation }, { name }) => {
      await runMutation(increment, { name });
      throw new Error("changed my mind");
    },
  });
  /** The inner one fails, and only it is undone. */
  const incrementTwice = mutation({
    args: name,
    handler: async ({ runMutation }, { name }) => {
      await runMutation(increment, { name });
      await runMutation(incrementAndFail, { name }).catch(() => {});
      await runMutation(increment, { name });
    },
  });
  const writeInQuery = query({
    handler: async ({ db }) => {
      await (db as unknown as { delete(table: unknown): Promise<unknown> }).delete(counters);
    },
  });
  return { get, all, increment, incrementAndFail, incrementTwice, writeInQuery };
}

const api = createReferences<{ counters: PublicReferences<ReturnType<typeof counting>> }>();

/** One driver for all stories, as an application has one; each story has counters of its own. */
function carriesTheEngine(open: () => Promise<Driver>, schema: Record<string, unknown>): void {
  const functions = { counters: counting(schema as typeof schemas.pg) };
  let opened: Promise<Driver> | undefined;
  const driver = (): Promise<Driver> => {
    opened ??= open().then(async (driver) => {
      await createInternalTables(driver);
      await createTables(driver, schema);
      return driver;
    });
    return opened;
  };
  const world = async (seed: number): Promise<World> => {
    const kept = await driver();
    // The world closes what it is given.
    const lent: Driver = Object.assign(Object.create(kept) as Driver, {
      connect: () => kept.connect(),
      useSchema: (tables: Record<string, unknown>) => kept.useSchema(tables),
      close: async () => {},
    });
    return new World({ functions, schema, seed }, lent);
  };
  let story = 0;
  let name = "";
  beforeEach(() => {
    name = `counter of story ${++story}`;
  });
  afterAll(async () => (await opened)?.close());

  test("what one changes, all see, and the caller first", async () => {
    await using here = await world(1);
    const [alice, bob] = [here.connect("alice"), here.connect("bob")];
    const seen: unknown[] = [];
    bob.watchQuery(api.counters.get, { name }, ({ data }) => seen.push(data));
    alice.watchQuery(api.counters.get, { name }, () => {});
    await here.settled();
    expect(await alice.mutation(api.counters.increment, { name })).toBe(1);
    expect(await alice.query(api.counters.get, { name })).toBe(1);
    await here.settled();
    expect(seen.filter((value) => value !== undefined)).toEqual([0, 1]);
  });

  test("a mutation that fails leaves nothing; one inside another only what it did itself", async () => {
    await using here = await world(2);
    const alice = here.connect("alice");
    await expect(alice.mutation(api.counters.incrementAndFail, { name })).rejects.toThrow();
    expect(await alice.query(api.counters.get, { name })).toBe(0);
    await alice.mutation(api.counters.incrementTwice, { name });
    expect(await alice.query(api.counters.get, { name })).toBe(2);
  });

  test("a query that writes is refused, and nothing is written", async () => {
    await using here = await world(3);
    const alice = here.connect("alice");
    await alice.mutation(api.counters.increment, { name });
    await expect(alice.query(api.counters.writeInQuery, {})).rejects.toThrow();
    expect(await alice.query(api.counters.get, { name })).toBe(1);
  });

  test("many at once: every increment counts, whoever lost a conflict tries again", async () => {
    await using here = await world(4);
    const clients = Array.from({ length: 8 }, (_, i) => here.connect(`client ${i}`));
    let waiting = true;
    const sent = Promise.all(
      clients.flatMap((client) => [1, 2, 3].map(() => client.mutation(api.counters.increment, { name }))),
    ).finally(() => {
      waiting = false;
    });
    // Whoever lost pauses by the world's clock: it goes as the machine's does.
    while (waiting) {
      here.clock.advance(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect((await sent).sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(await clients[0]?.query(api.counters.get, { name })).toBe(24);
  });

  test("a server that dies while somebody counts: it is counted once", async () => {
    await using here = await world(5);
    const alice = here.connect("alice");
    await alice.query(api.counters.get, { name });
    const sent = [1, 2, 3].map(() => alice.mutation(api.counters.increment, { name }));
    await here.restart();
    await here.advance(10_000);
    expect(await Promise.all(sent)).toEqual([1, 2, 3]);
    expect(await alice.query(api.counters.get, { name })).toBe(3);
  });
}

describe("an engine on PGlite", () => carriesTheEngine(() => openTemporary({ schema: schemas.pg }), schemas.pg));

describe("an engine on SQLite", () =>
  carriesTheEngine(() => openTemporary({ schema: schemas.sqlite }), schemas.sqlite));

await describeWithPostgres("an engine on PostgreSQL", ({ url }) =>
  carriesTheEngine(() => openPostgres({ url, schema: schemas.pg, log }), schemas.pg),
);

await describeWithMysql("an engine on MySQL or MariaDB", ({ url }) =>
  carriesTheEngine(() => openMysql({ url, schema: schemas.mysql, log }), schemas.mysql),
);

const proxy = await startWebsocketProxy();
afterAll(() => proxy.close());
await describeWithPostgres("an engine on Neon's driver", ({ url }) =>
  carriesTheEngine(
    () =>
      openNeon({
        url: `${url}?wsproxy=ws://127.0.0.1:${proxy.port}/port-${new URL(url).port || 5432}`,
        schema: schemas.pg,
        log,
      }),
    schemas.pg,
  ),
);
