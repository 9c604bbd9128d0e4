import { startWorld } from "convex-lite/testing";
import { expect, test } from "vitest";
import { api } from "./_generated/api";
import * as history from "./history";
import * as messages from "./messages";
import * as schema from "./schema";

const general = { channel: "general" };

test("a message is live in its channel, and in no other", async () => {
  await using world = await startWorld({ functions: { history, messages }, schema });
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

test("a long conversation is read from its end, page by page", async () => {
  await using world = await startWorld({ functions: { history, messages }, schema });
  const ada = world.connect("ada");
  for (const text of ["one", "two", "three"])
    await ada.mutation(api.messages.send, { ...general, author: "Ada", text });
  const read = async (cursor: string | null) =>
    ada.query(api.history.byChannel, { ...general, paginationOpts: { cursor, numItems: 2 } });
  const latest = await read(null);
  expect(latest.page.map(({ text }) => text)).toEqual(["three", "two"]);
  const older = await read(latest.continueCursor);
  expect([older.page.map(({ text }) => text), older.isDone]).toEqual([["one"], true]);
});

test("an empty message is refused with the reason", async () => {
  await using world = await startWorld({ functions: { history, messages }, schema });
  const sending = world.connect().mutation(api.messages.send, { ...general, author: "Ada", text: "" });
  await expect(sending).rejects.toMatchObject({ kind: "badRequest", issues: [{ path: ["text"] }] });
});
