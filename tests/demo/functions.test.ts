import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import * as channels from "../../convex/channels.ts";
import * as history from "../../convex/history.ts";
import * as messages from "../../convex/messages.ts";
import * as schema from "../../convex/schema.ts";
import * as seed from "../../convex/seed.ts";
import type { Driver } from "../../lib/database/driver/driver.ts";
import { pushSchema } from "../../lib/schema/push-schema.ts";
import { DatabaseForTests } from "../support/databases/database-for-tests.ts";
import { describeOn, type TestDatabase } from "../support/databases/with-every-database.ts";
import { EngineScene } from "../support/engine-scene.ts";

const schemaPath = join(import.meta.dirname, "../../convex/schema.ts");

function demoWorks({ open }: TestDatabase): void {
  const database = new DatabaseForTests(
    schema,
    () => open(schema),
    (driver) => pushSchema({ driver, schemaPath }),
  );
  let scene: EngineScene<Driver>;

  beforeEach(() => {
    const options = { driver: database.driver, schema, development: true };
    scene = new EngineScene({ channels, history, messages, seed }, options);
  });
  afterEach(() => scene?.close());

  /** A mutation that loses a conflict runs again after a pause of up to 100 ms. */
  const mutate = (path: string, args: Record<string, unknown> = {}) => scene.patiently(100, scene.mutation(path, args));

  test("many first visits at once find the same few channels, filled once", async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => mutate("seed:ifEmpty")));
    expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
    expect(await scene.read("channels:list")).toMatchObject([
      { name: "general" },
      { name: "how-it-works" },
      { name: "random" },
    ]);
    expect(await scene.read("messages:listByChannel", { channel: "general" })).toHaveLength(8);
  });

  test("a database that has a channel is left as it is", async () => {
    await mutate("channels:create", { name: "ours" });
    await mutate("seed:ifEmpty");
    expect(await scene.read("channels:list")).toMatchObject([{ name: "ours" }]);
  });

  test("of those who create a channel at once, one does, and the others hear that the name is taken", async () => {
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => mutate("channels:create", { name: "tea" })));
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.ok) continue;
      expect(outcome.error).toMatchObject({ kind: "application", data: { code: "name-taken", name: "tea" } });
    }
    expect(await scene.read("channels:list")).toMatchObject([{ name: "tea" }]);
  });

  test.each(["", "Tea", "tea time", "-tea", "tea-", "tea--time", "tea/time", "a".repeat(33)])(
    "%j is no name for a channel",
    async (name) => {
      expect(await mutate("channels:create", { name })).toMatchObject({ ok: false, error: { kind: "badRequest" } });
      expect(await scene.read("channels:list")).toEqual([]);
    },
  );

  test("messages are read in the order they were sent, each channel for itself", async () => {
    for (const text of ["one", "two", "three"]) {
      await mutate("messages:send", { channel: "tea", author: "Ines", text });
      await mutate("messages:send", { channel: "cake", author: "Ines", text: "elsewhere" });
    }
    expect(await scene.read("messages:listByChannel", { channel: "tea" })).toMatchObject([
      { author: "Ines", text: "one" },
      { author: "Ines", text: "two" },
      { author: "Ines", text: "three" },
    ]);
    const paginationOpts = { cursor: null, numItems: 2 };
    expect(await scene.read("history:byChannel", { channel: "tea", paginationOpts })).toMatchObject({
      page: [{ text: "three" }, { text: "two" }],
      isDone: false,
    });
  });
}

for (const name of ["PGlite", "PostgreSQL", "Neon's driver"] as const) await describeOn[name]("the demo", demoWorks);
