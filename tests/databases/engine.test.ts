import { expect, test } from "vitest";
import { World } from "../../lib/testing/world.ts";
import { DatabaseForTests } from "../support/databases/database-for-tests.ts";
import { describeOnEveryDatabase, type TestDatabase } from "../support/databases/with-every-database.ts";
import { patiently } from "../support/pauses.ts";
import { api, counting, schemas } from "./counters.ts";

function carriesTheEngine({ dialect, open }: TestDatabase): void {
  const schema = schemas[dialect];
  const functions = { counters: counting(schema as typeof schemas.pg) };
  const database = new DatabaseForTests(schema, () => open(schema));
  const world = (seed: number) => new World({ functions, schema, seed }, database.driver);
  const name = "the counter";

  test("what one changes, all see, and the caller first", async () => {
    await using here = world(1);
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
    await using here = world(2);
    const alice = here.connect("alice");
    await expect(alice.mutation(api.counters.incrementAndFail, { name })).rejects.toThrow();
    expect(await alice.query(api.counters.get, { name })).toBe(0);
    await alice.mutation(api.counters.incrementTwice, { name });
    expect(await alice.query(api.counters.get, { name })).toBe(2);
  });

  test("a query that writes is refused, and nothing is written", async () => {
    await using here = world(3);
    const alice = here.connect("alice");
    await alice.mutation(api.counters.increment, { name });
    await expect(alice.query(api.counters.writeInQuery, {})).rejects.toThrow();
    expect(await alice.query(api.counters.get, { name })).toBe(1);
  });

  test("many at once: every increment counts, a mutation that lost a conflict runs again", async () => {
    await using here = world(4);
    const clients = Array.from({ length: 8 }, (_, i) => here.connect(`client ${i}`));
    const sent = Promise.all(
      clients.flatMap((client) => [1, 2, 3].map(() => client.mutation(api.counters.increment, { name }))),
    );
    // A mutation that lost a conflict pauses for up to 100 ms.
    await patiently(here.clock, 100, sent);
    expect((await sent).sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(await clients[0]?.query(api.counters.get, { name })).toBe(24);
  });

  test("a server that dies during an increment: it is counted once", async () => {
    await using here = world(5);
    const alice = here.connect("alice");
    await alice.query(api.counters.get, { name });
    const sent = [1, 2, 3].map(() => alice.mutation(api.counters.increment, { name }));
    await here.restart();
    await here.advance(10_000);
    expect(await Promise.all(sent)).toEqual([1, 2, 3]);
    expect(await alice.query(api.counters.get, { name })).toBe(3);
  });
}

await describeOnEveryDatabase("an engine", carriesTheEngine);
