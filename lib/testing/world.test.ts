import { expect, test } from "vitest";
import { api } from "../../convex/_generated/api.ts";
import * as messages from "../../convex/messages.ts";
import * as schema from "../../convex/schema.ts";
import { startWorld } from "./world.ts";

const general = { channel: "general" };

test("what Alice sends, Bob sees", async () => {
  await using world = await startWorld({ functions: { messages }, schema });
  const alice = world.connect("alice");
  const bob = world.connect("bob");
  const seen: string[][] = [];
  bob.watchQuery(api.messages.listByChannel, general, ({ data }) => data && seen.push(data.map(({ text }) => text)));

  await alice.mutation(api.messages.send, { ...general, author: "Alice", text: "Hi" });
  await world.settled();
  expect(seen.at(-1)).toEqual(["Hi"]);
});

test("if the server crashes while Alice sends, her client reconnects, and the message is stored once", async () => {
  await using world = await startWorld({ functions: { messages }, schema });
  const alice = world.connect("alice");
  await alice.query(api.messages.listByChannel, general);
  const sent = alice.mutation(api.messages.send, { ...general, author: "Alice", text: "Hi" });
  await world.restart();
  await world.advance(10_000);
  await sent;
  expect((await alice.query(api.messages.listByChannel, general)).map(({ text }) => text)).toEqual(["Hi"]);
});
