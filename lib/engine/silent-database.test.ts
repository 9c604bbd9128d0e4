import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { WireClient } from "../../tests/support/wire-client.ts";
import { ConnectionLostError, type DatabaseConnection, type Driver } from "../database/driver/driver.ts";
import { createInternalTables } from "../database/internal/internal-tables.ts";
import { openTemporaryDatabase } from "../database/temporary-database.ts";
import { createFunctions } from "../functions/define.ts";
import { type FunctionError, toFunctionError } from "../protocol/function-error.ts";
import type { Outcome } from "../protocol/outcome.ts";
import { createTables } from "../schema/create-tables.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { createEngine, type Engine } from "./engine.ts";

const notes = pgTable("notes", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  text: text().notNull(),
});
const schema = { notes };
const { query, mutation } = createFunctions<typeof schema>();

const list = query({ handler: async ({ db }) => db.select().from(notes) });
const add = mutation({
  args: z.object({ text: z.string() }),
  handler: async ({ db, scheduler }, { text }) => {
    await db.insert(notes).values({ text });
    await scheduler.invalidate(list);
  },
});

type Step = "begin" | "commit" | "rollback";

/** A step whose answer never comes. The database carries it out only if `isDone`; then `fell` is called. */
interface Silence {
  step: Step;
  isDone: boolean;
  fell(): void;
}

/** A database of which, when told, one connection stops answering without breaking, or that cannot be reached at all. */
class SilencedDatabase implements Pick<Driver, "connect"> {
  readonly driver: Driver;
  next: Silence | undefined;
  isAway = false;

  constructor(real: Driver) {
    this.driver = new Proxy(real, {
      get: (target, name) => {
        if (name === "connect") {
          return async () => {
            if (this.isAway) throw new ConnectionLostError("No server listens there.");
            return this.#forgetful(await target.connect());
          };
        }
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  connect(): Promise<DatabaseConnection> {
    return this.driver.connect();
  }

  /** Resolves when the next such step has been called, and carried out if `isDone`. Its answer never comes. */
  silenceAt(step: Step, isDone: boolean): Promise<void> {
    return new Promise((fell) => {
      this.next = { step, isDone, fell };
    });
  }

  #forgetful(connection: DatabaseConnection): DatabaseConnection {
    return new Proxy(connection, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          const silence = this.next?.step === name ? this.next : undefined;
          if (!silence) return value.apply(target, args);
          this.next = undefined;
          const done: Promise<unknown> = silence.isDone ? value.apply(target, args) : Promise.resolve();
          void done.then(silence.fell);
          return new Promise(() => {});
        };
      },
    });
  }
}

describe("a connection that does not answer any more", () => {
  let real: Driver;
  let database: SilencedDatabase;
  let clock: HandClock;
  let engine: Engine;
  let seed = 0;

  beforeAll(async () => {
    real = await openTemporaryDatabase({ schema });
    await createInternalTables(real);
    await createTables(real, schema);
  });
  beforeEach(() => {
    database = new SilencedDatabase(real);
    clock = new HandClock(++seed);
    engine = createEngine({ driver: database.driver, environment: clock, development: false });
    engine.useFunctions({ notes: { list, add } }, schema);
  });
  afterEach(() => engine?.close());
  afterAll(() => real?.close());

  const call = (kind: "query" | "mutation", path: string, args: Record<string, unknown> = {}) =>
    engine.call({ kind, path, args, caller: null });
  const texts = async () => {
    const outcome = await call("query", "notes:list");
    return outcome.ok ? (outcome.value as { text: string }[]).map((note) => note.text) : outcome;
  };

  test.each([
    ["COMMIT went through", true],
    ["COMMIT never arrived", false],
  ])("whose %s: the mutation is applied once, and others wait no longer than the limit", async (what, isDone) => {
    const silent = database.silenceAt("commit", isDone);
    const first = call("mutation", "notes:add", { text: what });
    await silent;
    const second = call("mutation", "notes:add", { text: `after: ${what}` });
    clock.advance(engine.limits.databaseTimeoutMs);
    await patiently(clock, Promise.all([first, second]));
    expect(await first).toMatchObject({ ok: true });
    expect(await second).toMatchObject({ ok: true });
    const stored = (await texts()) as string[];
    expect(stored.filter((text) => text.endsWith(what)).sort()).toEqual([what, `after: ${what}`].sort());
  });

  test.each([
    ["went through", true],
    ["never arrived", false],
  ])(
    "whose COMMIT %s, on a server that stops before it knows: the caller is told that the outcome is unknown",
    async (what, isDone) => {
      const silent = database.silenceAt("commit", isDone);
      const unknown = call("mutation", "notes:add", { text: `perhaps: ${what}` });
      await silent;
      database.isAway = true;
      clock.advance(engine.limits.databaseTimeoutMs);
      await passes(clock, 1_000);
      await engine.close();
      expect(asCaller(await patiently(clock, unknown))).toMatchObject({
        name: "UnavailableError",
        reason: "outcomeUnknown",
      });
      database.isAway = false;
    },
  );

  test("a database that is away for a while: a mutation waits for it, and not for ever", async () => {
    database.isAway = true;
    const waiting = call("mutation", "notes:add", { text: "while it was away" });
    await passes(clock, engine.limits.databaseTimeoutMs - 1_000);
    database.isAway = false;
    expect(await patiently(clock, waiting)).toMatchObject({ ok: true });
    expect(await texts()).toContain("while it was away");

    database.isAway = true;
    const inVain = call("mutation", "notes:add", { text: "for ever" });
    expect(asCaller(await patiently(clock, inVain))).toMatchObject({ name: "UnavailableError", reason: "timedOut" });
    database.isAway = false;
    expect(await texts()).not.toContain("for ever");
  });

  test.each(["begin", "rollback"] as const)(
    "at the %s of a snapshot: the query is answered on another",
    async (step) => {
      const client = new WireClient(engine).connect("a".repeat(32));
      const silent = database.silenceAt(step, false);
      client.subscribe(1, "notes:list");
      await silent;
      clock.advance(engine.limits.databaseTimeoutMs);
      await patiently(
        clock,
        client.until(() => client.value(1) !== undefined),
      );
      expect(client.transitions).toHaveLength(1);
    },
  );
});

/** The error that a client makes of an outcome, as it arrives over the wire. */
function asCaller(outcome: Outcome<unknown>): FunctionError | undefined {
  const arrived = JSON.parse(JSON.stringify(outcome)) as Outcome<unknown>;
  return arrived.ok ? undefined : toFunctionError(arrived.error);
}

/** Moves the clock on by so many milliseconds, timer by timer. */
async function passes(clock: HandClock, ms: number): Promise<void> {
  for (const until = clock.now() + ms; clock.now() < until; ) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(Math.min(clock.nextDue ?? 1, until - clock.now()));
  }
}

/** Lets the engine's pauses shorter than a second pass until the promise has settled. */
async function patiently<T>(clock: HandClock, awaited: Promise<T>): Promise<T> {
  let isOver = false;
  const over = awaited.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    if (clock.nextDue !== undefined && clock.nextDue < 1_000) clock.advance(clock.nextDue);
  }
  return over;
}
