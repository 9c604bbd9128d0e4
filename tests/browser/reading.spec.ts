import { randomUUID } from "node:crypto";
import type { APIRequestContext, Locator } from "@playwright/test";
import type { App } from "./app.ts";
import { type Chat, expect, test, Wiretap } from "./fixtures.ts";

/** Calls a mutation over HTTP, as a program that is not this browser. */
async function mutate(app: App, request: APIRequestContext, path: string, args: object): Promise<void> {
  const response = await request.post(`${app.url}/api/convex/mutation`, { data: { path, args } });
  expect(await response.json()).toMatchObject({ ok: true });
}

/** A new channel, with as many messages of Eve's: "message 1" and so on. */
async function channelWith(app: App, request: APIRequestContext, count: number): Promise<string> {
  const channel = `long-${randomUUID().slice(0, 8)}`;
  await mutate(app, request, "channels:create", { name: channel });
  await mutate(app, request, "fill:fill", { channel, count });
  return channel;
}

/** What fills a channel in one step. It is added to the copy that the tests run, as the demo has no use for it. */
const FILL = `import { mutation } from "convex-lite/server";
import { z } from "zod";
import { byChannel } from "./history";
import { messages } from "./schema";

export const fill = mutation({
  args: z.object({ channel: z.string(), count: z.int() }),
  handler: async ({ db, scheduler }, { channel, count }) => {
    const start = Date.now() - count * 60_000;
    const rows = Array.from({ length: count }, (_, i) => ({
      channel,
      author: i % 3 === 0 ? "Eve" : "Ines",
      text: \`message \${i + 1}\`,
      createdAt: new Date(start + i * 60_000),
    }));
    while (rows.length > 0) await db.insert(messages).values(rows.splice(0, 1_000));
    await scheduler.invalidate(byChannel, { channel });
  },
});
`;

test.describe("a long conversation", () => {
  test.beforeEach(async ({ app, request }) => {
    app.add("convex/fill.ts", FILL);
    const data = { path: "fill:fill", args: { channel: "general", count: 0 } };
    const isServed = async () => (await request.post(`${app.url}/api/convex/mutation`, { data })).ok();
    await expect.poll(isServed).toBe(true);
  });

  test("of 5,000 messages arrives as one of 50 does: its latest fifty, in the first HTML", async ({ app, request }) => {
    const [short, long] = [await channelWith(app, request, 50), await channelWith(app, request, 5_000)];
    const htmlOf = async (channel: string) => (await request.get(`${app.url}/chat/${channel}`)).text();
    const [shortHtml, longHtml] = [await htmlOf(short), await htmlOf(long)];
    const rows = (html: string) => html.match(/<li data-state="sent"/g)?.length;
    expect([rows(shortHtml), rows(longHtml)]).toEqual([50, 50]);
    expect(longHtml).toContain("message 5000");
    expect(longHtml).not.toContain(">message 4950<");
    expect(longHtml.length / shortHtml.length).toBeLessThan(1.1);
  });

  test("loads what is older as the reader goes back, and no line jumps", async ({ app, chat, page, request }) => {
    const channel = await channelWith(app, request, 400);
    const wire = new Wiretap(page);
    await chat.open(channel);
    await chat.live();
    await expect(chat.rows("message 400")).toBeInViewport();
    expect(await chat.log.locator("[data-state]").count()).toBeLessThan(400);

    const visible = await goBackTo(chat, "message 352");
    const before = await topOf(visible);
    await expect(chat.rows("message 300")).toHaveCount(1);
    expect(Math.abs((await topOf(visible)) - before)).toBeLessThanOrEqual(1);

    await mutate(app, request, "messages:send", { channel, author: "Eve", text: "meanwhile" });
    await expect(page.getByRole("button", { name: "1 new message" })).toBeVisible();
    expect(Math.abs((await topOf(visible)) - before)).toBeLessThanOrEqual(1);

    // All the way back, each message once and in order.
    await expect(async () => {
      await chat.log.evaluate((log) => log.scrollTo({ top: -log.scrollHeight }));
      await expect(chat.log.getByText(`This is where #${channel} begins.`)).toBeVisible({ timeout: 500 });
    }).toPass();
    const texts = await chat.log.locator("[data-state] p").allInnerTexts();
    expect(texts).toEqual([...Array.from({ length: 400 }, (_, i) => `message ${i + 1}`), "meanwhile"]);
    expect(wire.sockets).toBe(1);

    await page.getByRole("button", { name: "1 new message" }).click();
    await expect(chat.rows("meanwhile")).toBeInViewport();
    await chat.say("and still live");
    await expect(chat.rows("and still live")).toHaveCount(1);
    expect(chat.complaints).toEqual([]);
  });

  test("can be read to its beginning by keyboard", async ({ app, chat, page, request }) => {
    const channel = await channelWith(app, request, 60);
    await chat.open(channel);
    await chat.live();
    await chat.log.focus();
    await expect(async () => {
      await page.keyboard.press("Home");
      await expect(chat.log.getByText(`This is where #${channel} begins.`)).toBeInViewport({ timeout: 500 });
    }).toPass();
  });

  test("says each new message of others aloud, and no older one that is loaded", async ({
    app,
    chat,
    page,
    request,
  }) => {
    const channel = await channelWith(app, request, 60);
    await chat.open(channel);
    await chat.live();
    const spoken = page.locator("[aria-live=polite]").getByRole("paragraph");
    await mutate(app, request, "messages:send", { channel, author: "Eve", text: "can you hear me" });
    await expect(spoken).toHaveText(["Eve: can you hear me"]);
    await goBackTo(chat, "message 12");
    await expect(chat.rows("message 1")).toHaveCount(1);
    await chat.say("I can");
    await expect(spoken).toHaveText(["Eve: can you hear me"]);
    await expect(chat.log).toHaveAttribute("aria-live", "off");
  });
});

/** Scrolls up to a message. @returns its row. */
async function goBackTo(chat: Chat, text: string): Promise<Locator> {
  const row = chat.rows(text);
  await row.evaluate((element) => element.scrollIntoView({ block: "center" }));
  await expect(row).toBeInViewport();
  return row;
}

async function topOf(row: Locator): Promise<number> {
  return row.evaluate((element) => element.getBoundingClientRect().top);
}

test("a short conversation stands above the composer, in one column with it and with the names of days", async ({
  chat,
  page,
}) => {
  for (const width of [320, 1280, 1920]) {
    await page.setViewportSize({ width, height: 1_000 });
    await chat.open();
    await chat.live();
    const composer = await boxOf(page.locator("form").filter({ has: page.getByRole("textbox", { name: "Message" }) }));
    const row = chat.rows("If you are new here: welcome! Say hello below.");
    const text = await boxOf(row.locator("p"));
    const day = await boxOf(chat.log.locator("div", { has: page.locator("> time") }).last());
    for (const { left, right } of [text, day]) {
      expect([left, right].map(Math.round), `at ${width} px`).toEqual([composer.left, composer.right].map(Math.round));
    }
    expect(composer.top - (await boxOf(chat.log.locator("[data-state]").last())).bottom).toBeLessThanOrEqual(40);
  }
});

async function boxOf(element: Locator) {
  const { x, y, width, height } = (await element.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  return { left: x, top: y, right: x + width, bottom: y + height };
}

test.describe("to a reader in Vienna", () => {
  test.use({ locale: "de-AT", timezoneId: "Europe/Vienna" });

  test("days and times are written as there, though the server's HTML says them in UTC", async ({
    app,
    chat,
    page,
  }) => {
    const html = await (await page.request.get(`${app.url}/chat/general`)).text();
    expect(html).toMatch(/data-zone="utc"[^>]*>\d{1,2} \w+ \d{4}</);
    await chat.open();
    await chat.live();
    await expect(chat.log.locator("li > div > time").last()).toHaveText(/^(Heute|Gestern)$/);
    await expect(chat.log.locator("li > div > time").last()).toHaveAttribute("lang", "de-AT");
    const last = chat.log.locator("[data-state] time").last();
    const moment = new Date((await last.getAttribute("datetime")) ?? "");
    const there = new Intl.DateTimeFormat("de-AT", { hour: "numeric", minute: "2-digit", timeZone: "Europe/Vienna" });
    await expect(last).toHaveText(there.format(moment));
    expect(chat.complaints).toEqual([]);
  });
});

test.describe("to a reader in New York", () => {
  test.use({ locale: "en-US", timezoneId: "America/New_York" });

  test("times are on a clock of twelve hours", async ({ chat }) => {
    await chat.open();
    await chat.live();
    await expect(chat.log.locator("[data-state] time").last()).toHaveText(/^\d{1,2}:\d\d\s[AP]M$/);
    expect(chat.complaints).toEqual([]);
  });
});

test("addresses in a message are links that lead to another tab; nothing else of a message is markup", async ({
  chat,
  page,
}) => {
  await chat.open("random");
  await chat.live();
  const text = `look (https://example.com/a_(b)?c=d#e), not javascript:alert(1) <img src=x onerror="window.hacked=1">.`;
  await chat.say(text);
  const row = chat.rows(text);
  const link = row.getByRole("link");
  await expect(link).toHaveCount(1);
  await expect(link).toHaveAttribute("href", "https://example.com/a_(b)?c=d#e");
  await expect(link).toHaveAttribute("target", "_blank");
  for (const word of ["noopener", "noreferrer", "nofollow", "ugc"])
    await expect(link).toHaveAttribute("rel", new RegExp(`\\b${word}\\b`));
  await page.reload();
  await expect(row.locator("img")).toHaveCount(0);
  expect(await page.evaluate(() => "hacked" in window)).toBe(false);
});

test("a line says what this is and where its code lies, on a wide screen and on a narrow one", async ({
  chat,
  page,
}) => {
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 700 });
    await chat.open();
    const line = page.getByText("The demo of convex-lite").filter({ visible: true });
    await line.scrollIntoViewIfNeeded();
    await expect(line).toBeInViewport();
    await expect(line).toContainText("app/chat");
    await expect(line).toContainText("convex");
  }
});
