import { isDeepStrictEqual } from "node:util";
import { asc, desc, eq } from "drizzle-orm";
import { index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createFunctions } from "../functions/define.ts";
import { paginate } from "../functions/pagination/paginate.ts";
import { paginationOpts } from "../functions/pagination/pagination-options.ts";
import type { PreloadedAnswer } from "../protocol/preloaded.ts";
import { startWorld, type World } from "../testing/world.ts";
import { keyOf } from "./calls/named-call.ts";
import type { ConvexClient } from "./convex-client.ts";
import { LoadedPages, type LoadedRows } from "./loaded-pages.ts";

const rows = pgTable(
  "rows",
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    list: text().notNull(),
    rank: integer().notNull(),
    text: text().notNull(),
  },
  (table) => [index().on(table.list, table.rank, table.id)],
);
const schema = { rows };
const { query, mutation } = createFunctions<typeof schema>();

const page = query({
  args: z.object({ list: z.string(), paginationOpts }),
  handler: ({ db }, { list, paginationOpts }) =>
    paginate(
      db.select().from(rows).where(eq(rows.list, list)),
      { orderBy: [asc(rows.rank), desc(rows.id)] },
      paginationOpts,
    ),
});
const all = query({
  args: z.object({ list: z.string() }),
  handler: ({ db }, { list }) =>
    db.select().from(rows).where(eq(rows.list, list)).orderBy(asc(rows.rank), desc(rows.id)),
});
const operation = z.union([
  z.object({ insert: z.int() }),
  z.object({ remove: z.int() }),
  z.object({ move: z.int(), to: z.int() }),
  z.object({ write: z.int() }),
]);
type Operation = z.infer<typeof operation>;
/** Chooses rows by their index in the list, so that there always is one. */
const change = mutation({
  args: z.object({ list: z.string(), operations: z.array(operation) }),
  handler: async ({ db, scheduler, runQuery }, { list, operations }) => {
    for (const operation of operations) {
      const now = await runQuery(all, { list });
      const at = (place: number) => eq(rows.id, now[place % now.length]?.id ?? 0);
      if ("insert" in operation) await db.insert(rows).values({ list, rank: operation.insert, text: "new" });
      else if ("remove" in operation) await db.delete(rows).where(at(operation.remove));
      else if ("move" in operation) await db.update(rows).set({ rank: operation.to }).where(at(operation.move));
      else await db.update(rows).set({ text: "changed" }).where(at(operation.write));
    }
    await scheduler.invalidate(page, { list });
    await scheduler.invalidate(all, { list });
  },
});
const functions = { rows: { page, all, change } };

type Row = typeof rows.$inferSelect;
const list = "inbox";
const ALL = keyOf("rows:all", { list });
const firstPage = (numItems: number) => keyOf("rows:page", { list, paginationOpts: { cursor: null, numItems } });

const insert = (...ranks: number[]): Operation[] => ranks.map((rank) => ({ insert: rank }));

describe("pages of a list", () => {
  async function start(ranks: number[]): Promise<{ world: World; writer: ConvexClient }> {
    const world = await startWorld({ functions, schema });
    const writer = world.connect();
    await writer.mutation("rows:change", { list, operations: insert(...ranks) });
    return { world, writer };
  }
  const say = (writer: ConvexClient, ...operations: Operation[]) =>
    writer.mutation("rows:change", { list, operations });

  test("follow one another until there are no more; rows may be added later", async () => {
    const { world, writer } = await start([1, 2, 3, 4, 5]);
    await using _ = world;
    const reader = new Reader(world.connect(), 2);
    expect(reader.pages.rows()).toEqual({ results: [], status: "LoadingFirstPage", error: undefined });
    await world.settled();
    expect([reader.ids, reader.status]).toEqual([[1, 2], "CanLoadMore"]);
    reader.pages.loadMore(2);
    expect([reader.ids, reader.status]).toEqual([[1, 2], "LoadingMore"]);
    reader.pages.loadMore(9); // already at it
    await world.settled();
    expect([reader.ids, reader.status]).toEqual([[1, 2, 3, 4], "CanLoadMore"]);
    reader.pages.loadMore(1);
    await world.settled();
    expect([reader.ids, reader.status]).toEqual([[1, 2, 3, 4, 5], "Exhausted"]);
    reader.pages.loadMore(1);
    const { results } = reader.pages.rows();
    await say(writer, ...insert(6));
    await world.settled();
    expect([reader.ids, reader.status]).toEqual([[1, 2, 3, 4, 5], "CanLoadMore"]);
    expect(reader.pages.rows().results).toBe(results);
    reader.pages.loadMore(1);
    await world.settled();
    expect([reader.ids, reader.status]).toEqual([[1, 2, 3, 4, 5, 6], "Exhausted"]);
    expect(reader.problems).toEqual([]);
  });

  test("stay adjacent while rows are inserted, deleted and moved from one to the other", async () => {
    const { world, writer } = await start([10, 20, 30, 40, 50, 60]);
    await using _ = world;
    const reader = new Reader(world.connect(), 2);
    await world.settled();
    reader.pages.loadMore(2);
    await world.settled();
    await say(writer, { insert: 15 }, { insert: 20 }, { insert: 5 });
    await world.settled();
    expect(reader.ids).toEqual([9, 1, 7, 8, 2, 3, 4]); // equal ranks: the later row first, still on the first page
    await say(writer, { move: 0, to: 35 }, { remove: 0 });
    await world.settled();
    expect(reader.ids).toEqual([7, 8, 2, 3, 9]); // the last page has two rows, whichever they are
    await say(writer, { remove: 0 }, { remove: 0 }, { remove: 0 });
    await world.settled();
    expect(reader.ids).toEqual([3, 9]); // the first page is empty now
    expect(reader.problems).toEqual([]);
  });

  test("keep a row that moves to another page the same object, unless it has changed", async () => {
    const { world, writer } = await start([10, 20, 30, 40]);
    await using _ = world;
    const reader = new Reader(world.connect(), 2);
    await world.settled();
    const before = reader.pages.rows().results;
    reader.pages.loadMore(2);
    await world.settled();
    expect(
      reader.pages
        .rows()
        .results.slice(0, 2)
        .every((row, i) => row === before[i]),
    ).toBe(true);
    await say(writer, { write: 3 });
    await world.settled();
    expect(reader.pages.rows().results[3]).toMatchObject({ text: "changed" });
    expect(reader.problems).toEqual([]);
  });

  test("begin anew when the query refuses their cursors", async () => {
    const { world } = await start([1, 2, 3, 4]);
    await using _ = world;
    const reader = new Reader(world.connect(), 1);
    await world.settled();
    reader.pages.loadMore(1);
    await world.settled();
    const backwards = query({
      args: z.object({ list: z.string(), paginationOpts }),
      handler: ({ db }, { paginationOpts }) =>
        paginate(db.select().from(rows), { orderBy: desc(rows.id) }, paginationOpts),
    });
    world.engine.useFunctions({ rows: { ...functions.rows, page: backwards } }, schema);
    await world.settled();
    expect([reader.ids, reader.pages.rows().error]).toEqual([[4], undefined]);
  });

  test("report a number of rows that is refused, keep their rows, and can load more again", async () => {
    const { world } = await start([1, 2, 3]);
    await using _ = world;
    const reader = new Reader(world.connect(), 1);
    await world.settled();
    reader.pages.loadMore(0);
    await world.settled();
    expect(reader.pages.rows()).toMatchObject({ status: "CanLoadMore", error: { kind: "badRequest" } });
    reader.pages.loadMore(2);
    await world.settled();
    expect([reader.ids, reader.pages.rows().error]).toEqual([[1, 2, 3], undefined]);
  });

  test("are refused for a cursor that the query has not made, with a `badRequest`", async () => {
    const { world } = await start([1]);
    await using _ = world;
    const asked = world.connect().query("rows:page", { list, paginationOpts: { cursor: "hello", numItems: 1 } });
    await expect(asked).rejects.toMatchObject({
      kind: "badRequest",
      message: "The cursor is malformed. Start again from the first page: { cursor: null }.",
      issues: [{ path: ["paginationOpts", "cursor"] }],
    });
  });

  test("of which the first came with the page are not run or sent again, and more can be loaded", async () => {
    const { world, writer } = await start([1, 2, 3, 4, 5]);
    await using _ = world;
    const client = world.connect();
    const rendered = await renderedPage(world, 2);
    const { queryRuns } = world.engine.counters;
    const read = client.sync.ingest(rendered);
    const pages = new LoadedPages(client.sync, read.key, read.answer.result);
    expect(pages.rows()).toBe(pages.rendered);
    expect(pages.rows()).toMatchObject({ results: [{ id: 1 }, { id: 2 }], status: "CanLoadMore" });

    await say(writer, { insert: 0 }); // between the render and the subscription
    const stop = pages.subscribe(() => {});
    await world.settled();
    expect(pages.rows().results).toMatchObject([{ id: 6 }, { id: 1 }]);
    expect(world.engine.counters.queryRuns - queryRuns).toBe(1); // for the insert

    pages.loadMore(9);
    await world.settled();
    expect(pages.rows().results).toMatchObject([6, 1, 2, 3, 4, 5].map((id) => ({ id })));
    expect(pages.rows().status).toBe("Exhausted");
    stop();
  });

  test("that have no listener any more are not watched any more", async () => {
    const { world } = await start([1, 2, 3]);
    await using _ = world;
    const client = world.connect();
    const reader = new Reader(client, 1);
    await world.settled();
    reader.pages.loadMore(1);
    await world.settled();
    reader.stop();
    await world.advance(6_000);
    const seen = reader.seen.length;
    await client.mutation("rows:change", { list, operations: insert(0) });
    await world.settled();
    expect(reader.seen).toHaveLength(seen);
    expect(client.sync.result(firstPage(1)).isLoading).toBe(true);
  });
});

/** The first page, as a server component preloads it. */
async function renderedPage(world: World, numItems: number): Promise<PreloadedAnswer> {
  const outcome = await world.engine.preload("rows:page", { list, paginationOpts: { cursor: null, numItems } }, null);
  if (!outcome.ok) throw new Error("The page could not be preloaded.");
  return outcome.value;
}

/** Of many random stories, each update of each reader is looked at. A seed that fails repeats. */
describe.each([1, 2, 3, 4, 5, 6])("with random writes, reads and lost connections (seed %i)", (seed) => {
  test("all loaded pages are how the list begins at one commit, in every update", async () => {
    await using world = await startWorld({ functions, schema, seed });
    const random = (below: number) => Math.floor(world.clock.random() * below);
    const writers = [world.connect(), world.connect()];
    const anyOperation = (): Operation =>
      [{ insert: random(100) }, { remove: random(50) }, { move: random(50), to: random(100) }, { write: random(50) }][
        random(4)
      ] as Operation;
    const write = () => {
      const operations = Array.from({ length: 1 + random(4) }, anyOperation);
      return (writers[random(2)] as ConvexClient).mutation("rows:change", { list, operations });
    };
    await writers[0]?.mutation("rows:change", {
      list,
      operations: insert(...Array.from({ length: 30 }, () => random(100))),
    });
    const readers = [1, 3, 8].map((numItems) => new Reader(world.connect(), numItems));
    await world.settled();

    const writes: Promise<unknown>[] = [];
    for (let step = 0; step < 60; step++) {
      const what = random(20);
      if (what < 10) writes.push(write());
      else if (what < 17) readers[random(3)]?.pages.loadMore(1 + random(4));
      else if (what === 17) world.cut();
      else if (what === 18) await world.settled();
      else await world.advance(random(2_000));
    }
    await world.advance(10_000);
    await Promise.all(writes);
    await world.settled();

    for (const reader of readers) {
      expect(reader.problems).toEqual([]);
      expect(reader.seen.length).toBeGreaterThan(5);
      while (reader.status === "CanLoadMore") {
        reader.pages.loadMore(10);
        await world.settled();
      }
      expect(reader.status).toBe("Exhausted");
      expect(reader.problems).toEqual([]);
    }
    expect(new Set(readers.map(({ ids }) => ids.join())).size).toBe(1);
  });
});

/** Looks at the pages after every change of them, together with the whole list of the same client. */
class Reader {
  readonly pages: LoadedPages;
  readonly #client: ConvexClient;
  /** Everything that ever was shown. */
  readonly seen: LoadedRows[] = [];
  readonly problems: string[] = [];
  readonly stop: () => void;

  constructor(client: ConvexClient, numItems: number) {
    this.#client = client;
    const stopAll = client.sync.watch([ALL], () => {});
    this.pages = new LoadedPages(client.sync, firstPage(numItems));
    const stopPages = this.pages.subscribe(() => this.#look());
    this.stop = () => {
      stopPages();
      stopAll();
    };
  }

  get ids(): number[] {
    return (this.pages.rows().results as Row[]).map(({ id }) => id);
  }

  get status(): string {
    return this.pages.rows().status;
  }

  #look(): void {
    const rows = this.pages.rows();
    const before = this.seen.at(-1);
    if (rows === before) return;
    this.seen.push(rows);
    const whole = this.#client.sync.result(ALL).data as Row[] | undefined;
    if (rows.error) this.problems.push(String(rows.error));
    if (whole) this.#compare(rows, whole);
    if (before) this.#compareIdentities(before.results as Row[], rows.results as Row[]);
  }

  /** What is shown has to be how the list begins, at the very commit that the whole list is of. */
  #compare({ results, status }: LoadedRows, whole: Row[]): void {
    const ids = (shown: unknown[]) => (shown as Row[]).map(({ id, rank }) => `${id}@${rank}`).join(" ");
    if (!isDeepStrictEqual(results, whole.slice(0, results.length))) {
      this.problems.push(`shown: ${ids(results)}\nis:    ${ids(whole)}`);
    }
    if (status === "Exhausted" && results.length < whole.length) this.problems.push("exhausted, and there is more");
    if (status === "CanLoadMore" && results.length >= whole.length) this.problems.push("there is no more");
  }

  #compareIdentities(before: Row[], now: Row[]): void {
    const known = new Map(before.map((row) => [row.id, row]));
    for (const row of now) {
      const same = known.get(row.id);
      if (same && same !== row && isDeepStrictEqual(same, row)) this.problems.push(`row ${row.id} is another object`);
    }
  }
}
