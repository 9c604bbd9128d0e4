import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ConvexClient } from "../../lib/client/convex-client.ts";
import type { Driver } from "../../lib/database/driver/driver.ts";
import { inTransaction } from "../../lib/database/internal/database-lock.ts";
import { internalSql } from "../../lib/database/internal/internal-sql.ts";
import type { FunctionModules } from "../../lib/engine/run/registry.ts";
import { createTables } from "../../lib/schema/create-tables.ts";
import { World } from "../../lib/testing/world.ts";
import { describeOnEveryDatabase, type TestDatabase } from "../support/databases/with-every-database.ts";
import { keptOpen } from "../support/kept-open.ts";
import type { TemporaryProject } from "../support/temporary-project.ts";
import { assemble } from "./assemble.ts";

/** More than a JavaScript number can tell apart. */
const BUDGET = 9_007_199_254_740_993n;
const morning = new Date("2026-03-01T08:00:00.123Z");
const later = (ms: number) => new Date(morning.getTime() + ms);
const road = { board: "Roadmap" };

function runsThePortableApp(database: TestDatabase): void {
  let project: TemporaryProject;
  let functions: FunctionModules;
  let schema: Record<string, unknown>;
  let driver: Driver;
  let world: World;

  beforeAll(async () => {
    project = assemble(database.dialect);
    const load = (file: string) => import(/* @vite-ignore */ project.path(`convex/${file}.ts`));
    schema = await load("schema");
    // One after the other: loaded side by side, what they import of each other can come twice.
    functions = { boards: await load("boards"), cards: await load("cards"), messages: await load("messages") };
    driver = await database.open(schema);
    await createTables(driver, schema);
  });

  beforeEach(async () => {
    const { quoted, own } = internalSql[database.dialect];
    const tables = [...["messages", "cards", "columns", "boards"].map(quoted), own("sessions")];
    await inTransaction(driver, "write", async (connection) => {
      for (const table of tables) await connection.change(`delete from ${table}`);
    });
    world = new World({ functions, schema }, keptOpen(driver));
  });

  afterAll(async () => {
    await driver?.close();
    project?.[Symbol.dispose]();
  });

  /** What a client sees of a query, newest last. */
  const watch = (client: ConvexClient, address: string, args: Record<string, unknown> = {}) => {
    const seen: unknown[] = [];
    client.watchQuery(address, args, ({ data, error }) => {
      if (error) seen.push(error);
      else if (data !== undefined) seen.push(data);
    });
    return seen;
  };

  const plan = async (client: ConvexClient) => {
    const columns = ["todo", "doing", "done"];
    await client.mutation("boards:create", { name: "Roadmap", budget: BUDGET, createdAt: morning, columns });
    const ids: string[] = [];
    for (const [i, title] of ["sketch", "build", "ship"].entries()) {
      const card = { ...road, column: "todo", title, labels: [title, "ä 👍"], cost: BUDGET / 3n + BigInt(i) };
      ids.push((await client.mutation("cards:add", { ...card, dueAt: i === 0 ? null : later(i) })) as string);
    }
    return ids;
  };

  test("messages are live in their channel, in order, with their moments to the millisecond", async () => {
    await using _ = world;
    const [ada, ben] = [world.connect("ada"), world.connect("ben")];
    const seen = watch(ben, "messages:list", { channel: "tea" });
    const channels = watch(ben, "messages:channels");
    await world.settled();
    for (const [i, text] of ["one", "two 𝄞", "three"].entries()) {
      await ada.mutation("messages:send", { channel: "tea", author: "Ada", text, sentAt: later(i) });
    }
    await ada.mutation("messages:send", { channel: "cake", author: "Ada", text: "elsewhere", sentAt: later(9) });
    await world.settled();
    expect(seen[0]).toEqual([]);
    expect(seen.at(-1)).toMatchObject([
      { author: "Ada", text: "one", sentAt: morning },
      { text: "two 𝄞", sentAt: later(1) },
      { text: "three", sentAt: later(2) },
    ]);
    expect(channels.at(-1)).toEqual([
      { channel: "tea", messages: 3, latest: later(2) },
      { channel: "cake", messages: 1, latest: later(9) },
    ]);
  });

  test("a long channel is read page by page, each message once, also when one comes meanwhile", async () => {
    await using _ = world;
    const client = world.connect();
    const send = (i: number) =>
      client.mutation("messages:send", { channel: "tea", author: "Ada", text: `${i}`, sentAt: later(i % 3) });
    for (let i = 0; i < 10; i++) await send(i);
    const texts: string[] = [];
    let cursor: string | null = null;
    for (let isDone = false; !isDone; ) {
      const args = { channel: "tea", paginationOpts: { cursor, numItems: 4 } };
      const page = (await client.query("messages:history", args)) as {
        page: { text: string }[];
        isDone: boolean;
        continueCursor: string;
      };
      texts.push(...page.page.map(({ text }) => text));
      ({ isDone, continueCursor: cursor } = page);
      // At the front, where what was read before lies.
      if (texts.length === 4) await send(11);
    }
    expect([...texts].sort()).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
    expect(texts.map((text) => Number(text) % 3)).toEqual([2, 2, 2, 1, 1, 1, 0, 0, 0, 0]);
  });

  test("a board is what its columns and cards are: joined, counted, summed beyond what a number holds", async () => {
    await using _ = world;
    const client = world.connect();
    const overview = watch(client, "boards:overview");
    const board = watch(client, "boards:get", road);
    await plan(client);
    await client.mutation("boards:create", { name: "Empty", budget: 0n, createdAt: later(1), columns: [] });
    await world.settled();
    expect(overview.at(-1)).toEqual([
      { name: "Empty", budget: 0n, createdAt: later(1), cards: 0, done: 0, cost: 0n },
      { name: "Roadmap", budget: BUDGET, createdAt: morning, cards: 3, done: 0, cost: BUDGET + 3n },
    ]);
    expect(board.at(-1)).toMatchObject({
      name: "Roadmap",
      columns: [
        {
          title: "todo",
          cards: [
            { title: "sketch", position: 0, labels: ["sketch", "ä 👍"], cost: BUDGET / 3n, isDone: false, dueAt: null },
            { title: "build", position: 1, dueAt: later(1) },
            { title: "ship", position: 2 },
          ],
        },
        { title: "doing", cards: [] },
        { title: "done", cards: [] },
      ],
    });
    expect(await client.query("boards:get", { board: "nowhere" })).toBeNull();
  });

  test("a card that is moved leaves no gap, and one that cannot be moved stops no other", async () => {
    await using _ = world;
    const [ada, ben] = [world.connect("ada"), world.connect("ben")];
    const [sketch = "", build = ""] = await plan(ada);
    const board = watch(ben, "boards:get", road);
    const due = watch(ben, "cards:due", { before: later(100), column: "todo" });
    await world.settled();
    expect(due).toEqual([
      [
        { title: "build", dueAt: later(1) },
        { title: "ship", dueAt: later(2) },
      ],
    ]);

    const moved = await ada.mutation("cards:moveEach", { ...road, column: "done", cards: [build, "gone", sketch] });
    expect(moved).toBe(2);
    await world.settled();
    expect(board).toHaveLength(2);
    expect(board.at(-1)).toMatchObject({
      columns: [
        { title: "todo", cards: [{ title: "ship", position: 0 }] },
        { title: "doing", cards: [] },
        {
          title: "done",
          cards: [
            { title: "build", position: 0, isDone: true },
            { title: "sketch", position: 1, isDone: true },
          ],
        },
      ],
    });
    expect(due.at(-1)).toEqual([{ title: "ship", dueAt: later(2) }]);

    // It has closed the gap already when it finds that there is nowhere to go: nothing of that stays.
    const nowhere = ada.mutation("cards:move", { ...road, column: "nowhere", card: build });
    await expect(nowhere).rejects.toMatchObject({ kind: "application", data: { code: "no-such-column" } });
    await ada.mutation("cards:label", { ...road, cards: [build], label: "soon" });
    await world.settled();
    expect(board.at(-1)).toMatchObject({
      columns: [{}, {}, { cards: [{ position: 0, labels: ["build", "ä 👍", "soon"] }, { position: 1 }] }],
    });
  });

  test("the cards of a board, over a join, come page by page in the order of their 64 bits", async () => {
    await using _ = world;
    const client = world.connect();
    await plan(client);
    const titles: string[] = [];
    let cursor: string | null = null;
    for (let isDone = false; !isDone; ) {
      const args = { ...road, paginationOpts: { cursor, numItems: 1 } };
      const page = (await client.query("cards:byCost", args)) as {
        page: { title: string }[];
        isDone: boolean;
        continueCursor: string;
      };
      titles.push(...page.page.map(({ title }) => title));
      ({ isDone, continueCursor: cursor } = page);
    }
    expect(titles).toEqual(["sketch", "build", "ship"]);
  });

  test("a name can be taken once, and a board takes what is on it along", async () => {
    await using _ = world;
    const client = world.connect();
    await plan(client);
    const again = client.mutation("boards:create", { name: "Roadmap", budget: 1n, createdAt: morning, columns: [] });
    await expect(again).rejects.toMatchObject({ data: { code: "name-taken", name: "Roadmap" } });
    await client.mutation("boards:remove", road);
    expect(await client.query("boards:overview", {})).toEqual([]);
    const left = await inTransaction(driver, "read", (connection) =>
      connection.execute("select count(*) as cards from cards"),
    );
    expect(Number(left[0]?.cards)).toBe(0);
  });

  test("what was called while the server was gone is done once, in order, and all clients see it", async () => {
    await using _ = world;
    const [ada, ben] = [world.connect("ada"), world.connect("ben")];
    const seen = watch(ben, "messages:list", { channel: "tea" });
    await world.settled();
    const calls: Promise<unknown>[] = [];
    for (let i = 0; i < 6; i++) {
      calls.push(ada.mutation("messages:send", { channel: "tea", author: "Ada", text: `${i}`, sentAt: later(i) }));
      if (i === 1) world.cut();
      if (i === 3) await world.restart();
    }
    await world.advance(10_000);
    await Promise.all(calls);
    await world.settled();
    expect((seen.at(-1) as { text: string }[]).map(({ text }) => text)).toEqual(["0", "1", "2", "3", "4", "5"]);
  });
}

await describeOnEveryDatabase("the portable app", runsThePortableApp);
