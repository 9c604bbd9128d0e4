import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { DatabaseForTests } from "../../tests/support/databases/database-for-tests.ts";
import { SilentConnections } from "../../tests/support/databases/silent-connections.ts";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import { createFunctions } from "../functions/define.ts";
import { type FunctionError, toFunctionError } from "../protocol/function-error.ts";
import type { Outcome } from "../protocol/outcome.ts";

const notes = pgTable("notes", { id: integer().primaryKey().generatedAlwaysAsIdentity(), text: text().notNull() });
const schema = { notes };
const { query, mutation } = createFunctions<typeof schema>();

const list = query({ handler: async ({ db }) => (await db.select().from(notes)).map(({ text }) => text) });
const add = mutation({
  args: z.object({ text: z.string() }),
  handler: async ({ db, scheduler }, { text }) => {
    await db.insert(notes).values({ text });
    await scheduler.invalidate(list);
  },
});

describe("a connection that does not answer any more", () => {
  const real = new DatabaseForTests(schema);
  let scene: EngineScene<SilentConnections>;
  let database: SilentConnections;

  beforeEach(() => {
    database = new SilentConnections(real.driver);
    scene = new EngineScene({ notes: { list, add } }, { driver: database, schema });
  });
  afterEach(() => scene?.close());

  const write = (text: string) => scene.mutation("notes:add", { text });
  const texts = () => scene.read("notes:list");
  /** Waits for it, but for no limit. */
  const patiently = <T>(awaited: Promise<T>) => scene.patiently(999, awaited);
  const limitPasses = () => scene.clock.advance(scene.engine.limits.databaseTimeoutMs);

  test.each([
    ["COMMIT went through", true],
    ["COMMIT never arrived", false],
  ])("whose %s: the mutation is applied once, and others wait no longer than the limit", async (what, isDone) => {
    const silent = database.silenceAt("commit", isDone);
    const first = write(what);
    await silent;
    const second = write(`after: ${what}`);
    limitPasses();
    await patiently(Promise.all([first, second]));
    expect(await first).toMatchObject({ ok: true });
    expect(await second).toMatchObject({ ok: true });
    const stored = (await texts()) as string[];
    expect(stored.sort()).toEqual([what, `after: ${what}`]);
  });

  test.each([
    ["went through", true],
    ["never arrived", false],
  ])(
    "whose COMMIT %s, on a server that stops before it knows: the caller is told that the outcome is unknown",
    async (what, isDone) => {
      const silent = database.silenceAt("commit", isDone);
      const unknown = write(`perhaps: ${what}`);
      await silent;
      database.isAway = true;
      limitPasses();
      await scene.timePasses(1_000);
      await scene.engine.close();
      expect(asCaller(await patiently(unknown))).toMatchObject({
        name: "UnavailableError",
        reason: "outcomeUnknown",
      });
      database.isAway = false;
    },
  );

  test("a database that is away for a while: a mutation waits for it, and not for ever", async () => {
    database.isAway = true;
    const waiting = write("while it was away");
    await scene.timePasses(scene.engine.limits.databaseTimeoutMs - 1_000);
    database.isAway = false;
    expect(await patiently(waiting)).toMatchObject({ ok: true });
    expect(await texts()).toContain("while it was away");

    database.isAway = true;
    const inVain = write("for ever");
    expect(asCaller(await patiently(inVain))).toMatchObject({ name: "UnavailableError", reason: "timedOut" });
    database.isAway = false;
    expect(await texts()).not.toContain("for ever");
  });

  test.each(["begin", "rollback"] as const)(
    "at the %s of a snapshot: the query is answered on another",
    async (step) => {
      const silent = database.silenceAt(step, false);
      const client = scene.asking("notes:list");
      await silent;
      limitPasses();
      await patiently(client.until(() => client.value(1) !== undefined));
      expect(client.transitions).toHaveLength(1);
    },
  );
});

/** The error that a client makes of an outcome, as it arrives over the wire. */
function asCaller(outcome: Outcome<unknown>): FunctionError | undefined {
  const arrived = JSON.parse(JSON.stringify(outcome)) as Outcome<unknown>;
  return arrived.ok ? undefined : toFunctionError(arrived.error);
}
