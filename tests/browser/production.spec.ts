import { Chat, expect, test } from "./fixtures.ts";

test("production: built and started on the database that development made, live, and still whole after kill -9", async ({
  page,
  ownApp: app,
}) => {
  await app.start();
  const chat = await new Chat(app, page).open();
  await chat.live();
  await chat.say("written in development");
  await app.stop();

  expect(app.pnpm("build")).toMatch(/gzip/);
  await app.start({ NODE_ENV: "production" });
  await chat.open();
  await chat.live();
  await expect(chat.rows("written in development")).toHaveCount(1);
  await chat.say("written in production");
  await app.stop("SIGKILL");
  await app.start({ NODE_ENV: "production" });
  await chat.open();
  await expect(chat.rows("written in production")).toHaveCount(1);
  await chat.live();
  expect(chat.complaints.filter((text) => !/WebSocket|ERR_CONNECTION/.test(text))).toEqual([]);
});
