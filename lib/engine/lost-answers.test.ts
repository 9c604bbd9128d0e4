import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import type { WireClient } from "../../tests/support/wire-client.ts";
import { ConvexError, mutation, query } from "../entries/server.ts";

let fault: Error | undefined;
const list = query({
  args: z.object({ channel: z.string() }),
  handler: () => {
    if (fault) throw fault;
    return ["hello"];
  },
});
const touch = mutation({ handler: ({ scheduler }) => scheduler.invalidate(list) });
const functions = { messages: { list, touch } };

let scene: EngineScene;
afterEach(async () => {
  fault = undefined;
  await scene.close();
});

/** Two pages that show the list, in development. */
async function pages(development = true): Promise<[WireClient, WireClient]> {
  scene = new EngineScene(functions, { development });
  const [one, other] = [scene.client(), scene.client()];
  for (const page of [one, other]) page.subscribe(1, "messages:list", { channel: "a" });
  await scene.engine.settled();
  return [one, other];
}

async function failWith(error: Error | undefined): Promise<void> {
  fault = error;
  await scene.engine.call({ kind: "mutation", path: "messages:touch", args: {}, caller: null });
  await scene.engine.settled();
}

const notices = (page: WireClient) =>
  page.received.flatMap((message) => (message.type === "Notice" ? message.message : []));
const warnings = () => scene.clock.lines.flatMap(({ level, message }) => (level === "warn" ? message : []));

const FAILS = 'messages:list({"channel":"a"}) fails now, and open pages go on showing its last result.';

describe("in development, a query that a page shows", () => {
  test("is told to its pages and, once, to the terminal when it begins to throw", async () => {
    const [one, other] = await pages();
    await failWith(new Error("no such column"));
    const expected = [`${FAILS} no such column`];
    expect([notices(one), notices(other), warnings()]).toEqual([expected, expected, expected]);
    await failWith(new Error("no such column"));
    expect(notices(one)).toEqual(expected);
  });

  test("also with an error that is meant for the caller, and again after it has worked", async () => {
    const [one] = await pages();
    await failWith(new ConvexError("closed"));
    await failWith(undefined);
    await failWith(new ConvexError("closed"));
    expect(notices(one)).toEqual([`${FAILS} closed`, `${FAILS} closed`]);
    expect(warnings()).toHaveLength(2);
  });

  test("is told when it is removed", async () => {
    const [one] = await pages();
    scene.engine.useFunctions({ messages: { touch } }, {});
    await scene.engine.settled();
    expect(notices(one)).toEqual([
      `${FAILS} There is no public query "messages:list". Check its name and that its file exports it.`,
    ]);
    expect(warnings()).toEqual(notices(one));
  });

  test("is told when a save makes it throw", async () => {
    const [one] = await pages();
    fault = new Error("typing mistake");
    scene.engine.useFunctions(functions, {});
    await scene.engine.settled();
    expect(notices(one)).toEqual([`${FAILS} typing mistake`]);
  });

  test("is not told of a page that has shown no answer: it shows the error", async () => {
    scene = new EngineScene(functions, { development: true });
    fault = new Error("from the beginning");
    const page = scene.client();
    page.subscribe(1, "messages:list", { channel: "a" });
    await scene.engine.settled();
    expect(notices(page)).toEqual([]);
  });
});

test("in production nothing is told of a query that begins to throw", async () => {
  const [one] = await pages(false);
  await failWith(new Error("no such column"));
  expect(notices(one)).toEqual([]);
  expect(warnings()).toEqual([]);
});
