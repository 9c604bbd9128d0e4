import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { Driver } from "../../lib/database/driver/driver.ts";
import { createInternalTables } from "../../lib/database/internal/internal-tables.ts";
import { openMysql } from "../../lib/database/mysql/mysql-driver.ts";
import { openNeon } from "../../lib/database/postgres/neon.ts";
import { openPostgres } from "../../lib/database/postgres/postgres.ts";
import { openTemporaryDatabase } from "../../lib/database/temporary-database.ts";
import { createTables } from "../../lib/schema/create-tables.ts";
import { World } from "../../lib/testing/world.ts";
import { startWebsocketProxy } from "../support/databases/contract/websocket-proxy.ts";
import { describeWithMysql } from "../support/databases/with-mysql.ts";
import { describeWithPostgres } from "../support/databases/with-postgres.ts";
import { api, counting, schemas } from "./counters.ts";

const log = { info() {}, warn() {}, error() {} };

/** One driver for all tests, as an application has one; each test has counters of its own. */
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
    // A world closes its driver: this one's `close` does nothing.
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

  test("many at once: every increment counts, a mutation that lost a conflict runs again", async () => {
    await using here = await world(4);
    const clients = Array.from({ length: 8 }, (_, i) => here.connect(`client ${i}`));
    let waiting = true;
    const sent = Promise.all(
      clients.flatMap((client) => [1, 2, 3].map(() => client.mutation(api.counters.increment, { name }))),
    ).finally(() => {
      waiting = false;
    });
    // A mutation that lost pauses by the world's clock, which is moved on here as time passes.
    while (waiting) {
      here.clock.advance(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect((await sent).sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(await clients[0]?.query(api.counters.get, { name })).toBe(24);
  });

  test("a server that dies during an increment: it is counted once", async () => {
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

describe("an engine on PGlite", () =>
  carriesTheEngine(() => openTemporaryDatabase({ schema: schemas.pg }), schemas.pg));

describe("an engine on SQLite", () =>
  carriesTheEngine(() => openTemporaryDatabase({ schema: schemas.sqlite }), schemas.sqlite));

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
