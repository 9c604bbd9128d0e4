import { Chat, expect, test } from "./fixtures.ts";

const BASE = 'const config = {\n  basePath: "/shop",';

/** What a client behind a proxy that passes on `/shop/` alone reaches. */
async function statuses(url: string): Promise<number[]> {
  const call = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  const answers = [fetch(`${url}/shop/healthz`), fetch(`${url}/shop/api/convex/query`, call)];
  return (await Promise.all(answers)).map(({ status }) => status);
}

test("with a basePath pages are live in development, and all that they ask for is below it", async ({
  page,
  ownApp: app,
}) => {
  app.edit("next.config.mjs", (text) => text.replace("const config = {", BASE));
  await app.start();
  const asked: string[] = [];
  page.on("websocket", (socket) => asked.push(new URL(socket.url()).pathname));
  const chat = new Chat(app, page);
  await page.goto(`${app.url}/shop/chat/general`);
  await chat.live();
  await chat.say("below the shop");
  expect(asked).toContain("/shop/api/sync");
  expect(asked.filter((path) => !path.startsWith("/shop/"))).toEqual([]);
  expect(chat.complaints).toEqual([]);
  expect(await statuses(app.url)).toEqual([200, 400]);
});

test("and in production", async ({ page, ownApp: app }) => {
  app.edit("next.config.mjs", (text) => text.replace("const config = {", BASE));
  await app.start();
  await app.stop();
  app.pnpm("build");
  await app.start({ NODE_ENV: "production" });
  const asked: string[] = [];
  page.on("websocket", (socket) => asked.push(new URL(socket.url()).pathname));
  const chat = new Chat(app, page);
  await page.goto(`${app.url}/shop/chat/general`);
  await chat.live();
  await chat.say("below the shop");
  expect(asked).toEqual(["/shop/api/sync"]);
  expect(await statuses(app.url)).toEqual([200, 400]);
});
