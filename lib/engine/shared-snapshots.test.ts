import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WireClient } from "../../tests/support/wire-client.ts";
import type { Driver } from "../database/driver/driver.ts";
import { openTemporaryDatabase } from "../database/temporary-database.ts";
import { createFunctions } from "../functions/define.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { createEngine, type Engine } from "./engine.ts";

const { query } = createFunctions<Record<string, never>>();

const say = ({ db }: { db: unknown }, statement: string): Promise<{ rows: unknown[] }> =>
  (db as { execute(statement: unknown): Promise<{ rows: unknown[] }> }).execute(sql.raw(statement));

const failing = query({
  handler: async (ctx) => {
    await say(ctx, "select * from nowhere").catch(() => {});
    return "it does not matter";
  },
});
const ending = query({
  handler: async (ctx) => {
    await say(ctx, "commit").catch(() => {});
    return "all done";
  },
});
const tenant = "select set_config('app.tenant', 'alice', true)";
const setting = query({ handler: async (ctx) => (await say(ctx, tenant)).rows.length });
const reading = query({
  handler: async (ctx) => (await say(ctx, "select coalesce(current_setting('app.tenant', true), '') as tenant")).rows,
});

let driver: Driver;
let engine: Engine;
beforeAll(async () => {
  driver = await openTemporaryDatabase({ schema: {} });
  engine = createEngine({ driver, environment: new HandClock(), development: false });
  engine.useFunctions({ app: { failing, ending, setting, reading } }, {});
});
afterAll(async () => {
  await engine?.close();
  await driver?.close();
});

test.each(["failing", "ending", "setting"])(
  "a query that is run after one with this fault (%s) answers as if it had run alone",
  async (fault) => {
    const client = new WireClient(engine).connect(fault.padStart(32, "0").replace(/[^0-9a-f]/g, "a"));
    client.say({
      type: "Subscribe",
      queries: [
        { query: 1, path: `app:${fault}`, args: {} },
        { query: 2, path: "app:reading", args: {} },
      ],
    });
    await client.until(() => client.value(2) !== undefined);
    expect(client.value(2)).toEqual([{ tenant: "" }]);
  },
);
