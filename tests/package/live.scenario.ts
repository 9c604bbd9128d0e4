import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { Consumer, type Database, type Manager } from "./consumer.ts";
import { People } from "./people.ts";
import { readStatic } from "./static-files.ts";

let people: People;
beforeAll(async () => {
  people = await People.arrive();
});
afterAll(() => people.leave());

const cells: { manager: Manager; database: Database; config: Record<string, unknown> }[] = [
  { manager: "npm", database: "pglite", config: {} },
  { manager: "npm", database: "sqlite", config: { cacheComponents: true } },
  { manager: "pnpm", database: "pglite", config: { cacheComponents: true, reactCompiler: true } },
  { manager: "pnpm", database: "sqlite", config: {} },
];

describe.each(cells)("$manager, $database, $config", ({ manager, database, config }) => {
  const consumer = new Consumer(inject("consumers"), manager);
  const bin = (name: string) => join(consumer.folder, "node_modules/.bin", name);
  beforeAll(() => {
    consumer.beginWith(database);
    consumer.write("next.config.mjs", `export default ${JSON.stringify(config)};\n`);
  });
  afterEach(() => consumer.stop());

  test("dev: live in two windows, a saved function reaches both, the HTML holds the messages", async () => {
    const url = await consumer.start([bin("convex-lite"), "dev"]);
    const [ann, ben] = [await people.open(url), await people.open(url)];
    await ann.say("first");
    await ann.say("second");
    for (const window of [ann, ben]) await expect.poll(() => window.messages()).toEqual(["first", "second"]);
    expect(await (await fetch(url)).text()).toMatch(/<li>first<\/li>/);

    consumer.edit("convex/messages.ts", "orderBy: asc(messages.id)", "orderBy: asc(messages.id), limit: 1");
    for (const window of [ann, ben]) await expect.poll(() => window.messages()).toEqual(["first"]);
    consumer.edit("convex/messages.ts", ", limit: 1", "");
    for (const window of [ann, ben]) await expect.poll(() => window.messages()).toEqual(["first", "second"]);
    for (const window of [ann, ben]) expect(await window.close()).toEqual([]);
  });

  test("drizzle-kit writes the migration, and build makes what production needs", () => {
    expect(consumer.exec("drizzle-kit", "generate")).toContain("messages");
    expect(consumer.exec("convex-lite", "build")).toMatch(/KiB gzip/);
  });

  test("the browser is sent nothing of the server", () => {
    const code = readStatic(consumer.folder);
    expect(code).toContain("convex-lite.functionPath");
    const server = ["findMany", "messages_by_channel", "drizzle", "zod", "pglite", "better-sqlite3", "server-only"];
    expect(server.filter((text) => code.includes(text))).toEqual([]);
  });

  test("start: live in two windows, and the HTML holds the messages", async () => {
    const url = await consumer.start([bin("convex-lite"), "start"]);
    expect(await (await fetch(url)).text()).toMatch(/<li>first<\/li>/);
    const [ann, ben] = [await people.open(url), await people.open(url)];
    await ben.say("third");
    for (const window of [ann, ben]) await expect.poll(() => window.messages()).toEqual(["first", "second", "third"]);
    for (const window of [ann, ben]) expect(await window.close()).toEqual([]);
  });
});
