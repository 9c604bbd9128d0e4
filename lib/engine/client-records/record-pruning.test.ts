import { int as mysqlInteger, mysqlTable } from "drizzle-orm/mysql-core";
import { integer as pgInteger, pgTable } from "drizzle-orm/pg-core";
import { integer as sqliteInteger, sqliteTable } from "drizzle-orm/sqlite-core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DatabaseForTests } from "../../../tests/support/databases/database-for-tests.ts";
import { Nowhere } from "../../../tests/support/databases/nowhere.ts";
import { describeOnEveryDatabase } from "../../../tests/support/databases/with-every-database.ts";
import { EngineScene } from "../../../tests/support/engine-scene.ts";
import type { Driver } from "../../database/driver/driver.ts";
import { internalSql } from "../../database/internal/internal-sql.ts";
import { createFunctions } from "../../functions/define.ts";

/** A table, by which an embedded database is told what it is. */
const schemas = {
  pg: { things: pgTable("things", { id: pgInteger().primaryKey() }) },
  sqlite: { things: sqliteTable("things", { id: sqliteInteger().primaryKey() }) },
  mysql: { things: mysqlTable("things", { id: mysqlInteger().primaryKey() }) },
};
const { mutation, action } = createFunctions<Record<string, never>>();

const write = mutation({ handler: async () => {} });
const writeTwice = action({
  handler: async ({ runMutation }) => {
    for (let n = 0; n < 2; n++) await runMutation(write);
  },
});
const its = { write, writeTwice };
const MINUTE = 60_000;

await describeOnEveryDatabase("the records of calls that are never sent again", ({ dialect, open }) => {
  const schema = schemas[dialect];
  const database = new DatabaseForTests(schema, () => open(schema));
  let scene: EngineScene<Driver>;
  beforeEach(() => {
    scene = new EngineScene({ its }, { driver: database.driver, schema });
  });
  afterEach(() => scene.close());

  const ids = async () =>
    (await database.run(`select id from ${internalSql[dialect].own("sessions")}`)).map(({ id }) => String(id));

  test("are gone a minute after the call, and those of pages stay", async () => {
    const page = scene.client();
    page.mutate(1, "its:write");
    await page.until(() => page.ofType("MutationSucceeded").length === 1);
    await scene.mutation("its:write");
    await scene.engine.call({ kind: "action", path: "its:writeTwice", args: {}, caller: null });
    expect(await ids()).toHaveLength(4);
    scene.clock.advance(MINUTE);
    await vi.waitUntil(async () => (await ids()).length < 4);
    expect(await ids()).toEqual([page.clientId]);
    const back = scene.again(page);
    back.mutate(2, "its:write");
    await back.until(() => back.ofType("MutationSucceeded").length === 1);
    expect(await ids()).toEqual([page.clientId]);
  });

  test("are gone when the server has stopped in order", async () => {
    await scene.mutation("its:write");
    await scene.engine.drain();
    expect(await ids()).toEqual([]);
  });
});

test("a call costs no statement for it, a thousand calls one, and a quiet server none", async () => {
  const driver = new Nowhere();
  const changes = vi.fn(async () => 1);
  const { connect } = driver;
  driver.connect = async () => ({ ...(await connect.call(driver)), change: changes });
  await using scene = new EngineScene({ its }, { driver });
  for (let n = 1; n < 1_000; n++) await scene.mutation("its:write");
  expect(changes).not.toHaveBeenCalled();
  await scene.mutation("its:write");
  await scene.rest();
  expect(changes).toHaveBeenCalledTimes(1);
  await scene.mutation("its:write");
  scene.clock.advance(MINUTE);
  await scene.rest();
  expect(changes).toHaveBeenCalledTimes(2);
  scene.clock.advance(10 * MINUTE);
  await scene.rest();
  expect(changes).toHaveBeenCalledTimes(2);
});

test("a database that does not delete them stops nothing", async () => {
  const driver = new Nowhere();
  const { connect } = driver;
  driver.connect = async () => ({
    ...(await connect.call(driver)),
    change: async () => {
      throw new Error("The disk is full.");
    },
  });
  await using scene = new EngineScene({ its }, { driver });
  await scene.mutation("its:write");
  scene.clock.advance(MINUTE);
  await scene.rest();
  expect(scene.clock.lines).toMatchObject([{ level: "warn", message: expect.stringContaining("records") }]);
  expect(await scene.mutation("its:write")).toMatchObject({ ok: true });
});
