import { startWorld } from "convex-lite/testing";
import { expect, test } from "vitest";
import { api } from "./_generated/api";
import * as messages from "./messages";
import * as schema from "./schema";

const general = { channel: "general" };

test("a message is live in its channel, and in no other", async () => {
  await using world = await startWorld({ functions: { messages }, schema });
  const [ada, ben] = [world.connect("ada"), world.connect("ben")];
  const seen: string[] = [];
  ben.watchQuery(api.messages.listByChannel, general, ({ data }) =>
    seen.push(data?.map(({ text }) => text).join() ?? ""),
  );
  await world.settled();

  await ada.mutation(api.messages.send, { ...general, author: "Ada", text: "Good morning" });
  await ada.mutation(api.messages.send, { channel: "elsewhere", author: "Ada", text: "Psst" });
  await world.settled();
  expect(seen).toEqual(["", "Good morning"]);
});

test("an empty message is refused with the reason", async () => {
  await using world = await startWorld({ functions: { messages }, schema });
  const sending = world.connect().mutation(api.messages.send, { ...general, author: "Ada", text: "" });
  await expect(sending).rejects.toMatchObject({ kind: "badRequest", issues: [{ path: ["text"] }] });
});
