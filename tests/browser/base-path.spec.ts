import { Chat, expect, test } from "./fixtures.ts";
import { RewritingProxy } from "./rewriting-proxy.ts";

const BASE = 'const config = {\n  basePath: "/shop",';
const WITH_SLASH = `${BASE}\n  trailingSlash: true,`;

/** What a client behind a proxy that passes on `/shop/` alone reaches. */
async function statuses(url: string): Promise<number[]> {
  const call = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  const paths = ["/shop/api/convex/query", "/shop/api/convex/query/"];
  const answers = [fetch(`${url}/shop/healthz`), ...paths.map((path) => fetch(url + path, call))];
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
  expect(await statuses(app.url)).toEqual([200, 400, 400]);
});

test("and in production, with `trailingSlash`, also behind a proxy that calls the server by another name and path", async ({
  page,
  ownApp: app,
}) => {
  app.edit("next.config.mjs", (text) => text.replace("const config = {", WITH_SLASH));
  await app.start();
  await app.stop();
  app.pnpm("build");
  await app.start({ NODE_ENV: "production", TRUST_PROXY: "1" });
  await using proxy = await RewritingProxy.to(app.port, (path) => path.replace(/^\/shop(?=\/api\/)/, ""));
  const asked: string[] = [];
  page.on("websocket", (socket) => asked.push(new URL(socket.url()).pathname));
  for (const url of [app.url, proxy.url]) {
    const chat = new Chat(app, page);
    await page.goto(`${url}/shop/chat/general`);
    expect(new URL(page.url()).pathname).toBe("/shop/chat/general/");
    await chat.live();
    await chat.say(`below the shop, from ${new URL(url).port}`);
    expect(chat.complaints).toEqual([]);
    expect(await statuses(url)).toEqual([200, 400, 400]);
  }
  expect(asked).toEqual(["/shop/api/sync", "/shop/api/sync"]);
  expect(proxy.upgrades).toEqual(["/api/sync"]);
});
