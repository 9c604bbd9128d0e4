import { Chat, expect, SocketValve, test } from "./fixtures.ts";

test("the first HTML holds the messages and the channels", async ({ app, request }) => {
  const html = await (await request.get(`${app.url}/chat/general`)).text();
  expect(html).toContain("If you are new here: welcome!");
  expect(html).toContain("how-it-works");
});

test("without JavaScript the messages can be read", async ({ app, browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const reader = await new Chat(app, await context.newPage()).open();
  await expect(reader.rows("If you are new here: welcome! Say hello below.")).toBeVisible();
  await context.close();
});

test("the address of the site leads to the first channel", async ({ app, page }) => {
  await page.goto(app.url);
  await expect(page).toHaveURL(/\/chat\/general$/);
});

test("twenty loads: no hydration warning, no console error, no loading state", async ({ chat }) => {
  for (let load = 0; load < 20; load++) {
    await chat.open(load % 2 === 0 ? "general" : "how-it-works");
    await chat.live();
  }
  expect(chat.complaints).toEqual([]);
});

test("what the page was rendered from is handed over: not run again, not sent again", async ({ app, chat, page }) => {
  const select = "db.select()";
  await app.save("convex/history.ts", (code) => code.replace(select, "(console.log('ran for', channel), db).select()"));
  const runs = () => app.output.split("ran for random").length - 1;
  await chat.open("random");
  await chat.live();

  const sent: string[] = [];
  const received: string[] = [];
  page.on("websocket", (socket) => {
    if (!socket.url().endsWith("/api/sync")) return;
    socket.on("framesent", ({ payload }) => sent.push(String(payload)));
    socket.on("framereceived", ({ payload }) => received.push(String(payload)));
  });
  // No client watches the channel now, and the answer of the last visit has been dropped.
  await page.goto("about:blank");
  await expect.poll(async () => (await page.request.get(`${app.url}/healthz`)).status()).toBe(200);
  const before = runs();
  await chat.open("random");
  await chat.live();
  await expect.poll(() => received.some((text) => text.includes("Transition"))).toBe(true);

  expect(runs() - before).toBeLessThanOrEqual(1);
  const transitions = received.filter((text) => /^{"type":"(Transition|Patch)"/.test(text));
  const asked = sent.filter((text) => text.includes("Subscribe"));
  const queries = asked.flatMap((text) => (JSON.parse(text) as { queries: unknown[] }).queries).length;
  const down = transitions.join("").length;
  const up = asked.join("").length;
  test.info().annotations.push({ type: "hand-over", description: `${queries} queries, ${down} bytes down, ${up} up` });
  expect(down / queries).toBeLessThanOrEqual(60);
  expect((down + up) / queries).toBeLessThanOrEqual(250);
});

test("what is written between the render and the subscription is not missed", async ({ app, chat, page, request }) => {
  const valve = await SocketValve.on(page);
  valve.hold();
  await chat.open();
  await expect(chat.rows("in between")).toHaveCount(0);
  const response = await request.post(`${app.url}/api/convex/mutation`, {
    data: { path: "messages:send", args: { channel: "general", author: "Eve", text: "in between" } },
  });
  expect(await response.json()).toMatchObject({ ok: true });
  valve.release();
  await expect(chat.rows("in between")).toHaveAttribute("data-state", "sent");
});
