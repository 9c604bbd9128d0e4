import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import { ScriptedPage } from "../../tests/support/scripted-server.ts";
import { mutation, query } from "../entries/server.ts";
import { SocketNetwork } from "../testing/socket-pair.ts";
import { ConvexClient } from "./convex-client.ts";

interface Note {
  id: number;
  tag: string;
}

/** What people have written, by the tags that they chose. */
const notes: Note[] = [];
const rows: unknown[] = [];
const raw = query({ handler: async () => rows });
const byTag = query({ handler: async () => Object.groupBy(notes, (note) => note.tag) });
const add = mutation({
  args: z.object({ tag: z.string() }),
  handler: async ({ scheduler }, { tag }) => {
    notes.push({ id: notes.length + 1, tag });
    await scheduler.invalidate(byTag);
  },
});

let scene: EngineScene;
let client: ConvexClient;

beforeEach(() => {
  notes.length = 0;
  scene = new EngineScene({ notes: { byTag, add, raw } }, { limits: { resultBytes: 1000 }, development: true });
  const network = new SocketNetwork(scene.clock, (socket) => scene.engine.opened(socket, null));
  const { webSocketConstructor } = network;
  client = new ConvexClient("http://test", {
    environment: scene.clock,
    page: new ScriptedPage(),
    webSocketConstructor,
  });
});

afterEach(async () => {
  await client.close();
  await scene.close();
});

/** The error that the client is shown, in development, and what the log says. */
async function failureOf(answer: unknown): Promise<{ shown: string; logged: string }> {
  rows.length = 0;
  rows.push(...(answer as unknown[]));
  const shown = await client.query("notes:raw").catch((error) => error.message);
  const logged = scene.clock.lines.flatMap(({ about }) => (about?.error instanceof Error ? about.error.message : []));
  return { shown: String(shown), logged: logged.join() };
}

describe("a row that the answer to all cannot hold", () => {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { in: deep(levels - 1) });

  test("is named where its JSON is nested too deeply", async () => {
    const { shown, logged } = await failureOf([{ id: 7 }, { id: 8, body: deep(70) }]);
    for (const text of [shown, logged]) {
      expect(text).toContain("notes:raw answered what cannot travel");
      expect(text).toContain("It stands in the row with id 8.");
    }
  });

  test("is named where it is too large", async () => {
    const { shown, logged } = await failureOf([{ _id: "a" }, { _id: "b", body: "x".repeat(2000) }]);
    for (const text of [shown, logged]) {
      expect(text).toMatch(/notes:raw answered 20\d\d bytes; the limit is 1000\./);
      expect(text).toMatch(/The largest is the row with _id b, of 20\d\d bytes\./);
    }
  });

  test("is named by its place where it has no key", async () => {
    const { shown } = await failureOf([{}, { at: new URL("http://a") }]);
    expect(shown).toContain('"1.at" is an instance of URL, which cannot travel. Return plain data in its place');
  });
});

describe("a tag that a person has chosen", () => {
  test.each(["constructor", "prototype", "__proto__", "toString", "$t"])(
    "is shown to all as a key of the answer: %s",
    async (tag) => {
      let shown: Record<string, Note[]> | undefined;
      const failures: unknown[] = [];
      client.watchQuery("notes:byTag", {}, ({ data, error }) => {
        shown = data as typeof shown;
        if (error) failures.push(error);
      });
      await client.mutation("notes:add", { tag: "work" });
      await client.mutation("notes:add", { tag });
      await client.mutation("notes:add", { tag });
      const expected = [
        ["work", [{ id: 1, tag: "work" }]],
        [tag, [2, 3].map((id) => ({ id, tag }))],
      ];
      expect(Object.entries(shown ?? {}).sort()).toEqual(expected.sort());
      expect(Object.getPrototypeOf(shown)).toBe(Object.prototype);
      expect(failures).toEqual([]);
    },
  );
});
