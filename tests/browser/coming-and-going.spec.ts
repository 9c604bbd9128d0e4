import type { APIRequestContext, Page } from "@playwright/test";
import { BrokenLine } from "../faults/broken-line.ts";
import { patience } from "../support/patience.ts";
import type { App } from "./app.ts";
import { findChromium } from "./find-chromium.ts";
import { Chat, expect, test, Wiretap } from "./fixtures.ts";

/** What the browser itself logs while it is offline. */
const NO_NETWORK = /WebSocket|ERR_INTERNET_DISCONNECTED|ERR_NETWORK|Failed to (fetch|load resource)/;

/** Writes over HTTP, as a client that is not this browser. */
async function write(app: App, request: APIRequestContext, channel: string, text: string): Promise<void> {
  const response = await request.post(`${app.url}/api/convex/mutation`, {
    data: { path: "messages:send", args: { channel, author: "Eve", text } },
  });
  expect(await response.json()).toMatchObject({ ok: true });
}

test("offline and back: what is written meanwhile shows at once and arrives once, in order", async ({
  app,
  chat,
  page,
  request,
  context,
}) => {
  await using line = await BrokenLine.to(app.port);
  await page.goto(`${line.url}/chat/general`);
  await chat.live();
  // The browser opens no new connection, and open ones break.
  await context.setOffline(true);
  line.cut();
  await expect(page.getByRole("status")).toContainText("Offline");
  const texts = ["offline one", "offline two", "offline three"];
  for (const text of texts) {
    await chat.send(text);
    await expect(chat.rows(text)).toHaveAttribute("data-state", "pending");
  }
  await write(app, request, "general", "written by others meanwhile");
  await expect(chat.rows("written by others meanwhile")).toHaveCount(0);

  await context.setOffline(false);
  await chat.live();
  for (const text of texts) await expect(chat.rows(text)).toHaveAttribute("data-state", "sent");
  const all = ["written by others meanwhile", ...texts];
  expect((await textsIn(chat)).filter((text) => all.includes(text))).toEqual(all);
  expect(chat.complaints.filter((text) => !NO_NETWORK.test(text))).toEqual([]);
});

test("back and forward between channels: never older than what was seen, and live again", async ({
  app,
  chat,
  page,
  request,
}) => {
  await chat.open("how-it-works");
  await chat.live();
  await chat.say("seen before leaving");
  await page.getByRole("link", { name: "random" }).click();
  await expect(page).toHaveURL(/random$/);
  await expect(chat.rows("seen before leaving")).toHaveCount(0);
  await write(app, request, "how-it-works", "while away");

  await page.evaluate(watchForOlder, { channel: "how-it-works", text: "seen before leaving" });
  await page.goBack();
  await expect(chat.rows("while away")).toHaveAttribute("data-state", "sent");
  await page.goForward();
  await expect(page).toHaveURL(/random$/);
  await page.goBack();
  await expect(chat.rows("while away")).toHaveAttribute("data-state", "sent");
  await write(app, request, "how-it-works", "after the return");
  await expect(chat.rows("after the return")).toHaveAttribute("data-state", "sent");
  const { shown, older } = await page.evaluate(() => (window as unknown as { frames: Frames }).frames);
  expect(shown).toBeGreaterThan(0);
  expect(older).toBe(0);
  expect(chat.complaints).toEqual([]);
});

interface Frames {
  /** Frames that have shown the channel. */
  shown: number;
  /** Those of them in which this text was missing. */
  older: number;
}

/** Counts, in `window.frames`, what each frame shows from now on. */
function watchForOlder({ channel, text }: { channel: string; text: string }): void {
  const frames = { shown: 0, older: 0 };
  Object.defineProperty(window, "frames", { value: frames });
  const look = () => {
    if (document.querySelector("h1")?.textContent?.endsWith(channel)) {
      frames.shown++;
      if (!document.querySelector("[role=log]")?.textContent?.includes(text)) frames.older++;
    }
    requestAnimationFrame(look);
  };
  look();
}

test("out of the back/forward cache the same page is live again, with what came meanwhile", async ({
  app,
  playwright,
  request,
}) => {
  // Playwright's own browser keeps no page; this one does, if the page does not forbid it as Next has it do.
  const { executablePath, args } = await findChromium();
  const ignoreDefaultArgs = ["--disable-back-forward-cache"];
  const browser = await playwright.chromium.launch({ executablePath, args: inNoHurry(args), ignoreDefaultArgs });
  const line = await BrokenLine.to(app.port, mayBeKept);
  try {
    const chat = new Chat(app, await browser.newPage());
    await chat.page.goto(`${line.url}/chat/general`);
    await chat.live();
    await chat.say("before it was kept");
    await chat.page.evaluate(() => {
      addEventListener("pageshow", ({ persisted }) => Object.assign(window, { persisted }));
    });
    const reasons = await whyNotKept(chat.page);
    await chat.page.goto(`${app.url}/healthz`);
    await write(app, request, "general", "while it was kept");
    await chat.page.evaluate(() => void setTimeout(() => history.back()));
    await expect(chat.page).toHaveURL(/general$/);
    // Chromium's headless shell, which comes as a package, has no back/forward cache: there is nothing to test in it.
    test.skip(reasons.includes("BackForwardCacheDisabledForDelegate"), "this browser keeps no page");

    await expect(chat.rows("before it was kept")).toHaveCount(1);
    await expect(chat.rows("while it was kept")).toHaveAttribute("data-state", "sent");
    expect(await chat.page.evaluate(() => (window as { persisted?: boolean }).persisted)).toBe(true);
    await chat.live();
    await chat.say("after the return");
    expect(chat.complaints.filter((text) => !NO_NETWORK.test(text))).toEqual([]);
  } finally {
    await browser.close();
    await line[Symbol.asyncDispose]();
  }
});

/** The reasons that the browser gives, from now on, for not restoring a page from the back/forward cache. */
async function whyNotKept(page: Page): Promise<string[]> {
  const reasons: string[] = [];
  const session = await page.context().newCDPSession(page);
  await session.send("Page.enable");
  session.on("Page.backForwardCacheNotUsed", ({ notRestoredExplanations }) => {
    reasons.push(...notRestoredExplanations.map(({ reason }) => reason));
  });
  return reasons;
}

/** Chromium keeps no page that takes three seconds to say that it may be kept, which on a busy machine it does. */
function inNoHurry(args: readonly string[]): string[] {
  const disable = "--disable-features=";
  const disabled = args.filter((arg) => arg.startsWith(disable)).map((arg) => arg.slice(disable.length));
  // The last switch of a name is the one that counts.
  return [...args, `${disable}${[...disabled, "BackForwardCacheEntryTimeout"].join()}`];
}

/** The same bytes, with `no-cache` in place of `no-store`, which forbids a browser to keep a page. */
function mayBeKept(bytes: Buffer): Buffer {
  if (!bytes.includes("no-store")) return bytes;
  return Buffer.from(bytes.toString("latin1").replaceAll("no-store", "no-cache"), "latin1");
}

test("two tabs of one person: each shows what the other writes, once, and one may be closed", async ({
  app,
  chat,
  context,
}) => {
  const other = new Chat(app, await context.newPage());
  await Promise.all([chat.open("random"), other.open("random")]);
  await Promise.all([chat.live(), other.live()]);
  const author = (tab: Chat) => tab.page.getByLabel("Writing as").inputValue();
  expect(await author(other)).toBe(await author(chat));

  const texts = ["tab one", "tab two"];
  await Promise.all([chat.send("tab one"), other.send("tab two")]);
  for (const tab of [chat, other]) {
    for (const text of texts) {
      await expect(tab.rows(text)).toHaveAttribute("data-state", "sent");
      await expect(tab.rows(text)).toHaveCount(1);
    }
  }
  expect(await textsIn(other)).toEqual(await textsIn(chat));
  // A page of its own: closing it takes nothing from the other one.
  await other.page.close();
  await chat.say("alone again");
  await expect(chat.rows("alone again")).toHaveCount(1);
  expect([...chat.complaints, ...other.complaints]).toEqual([]);
});

const PROBE = `"use client";
import { useQuery } from "convex-lite/react";
import { useEffect, useState } from "react";
import { api } from "@/convex/_generated/api";

export default function Probe() {
  const { data } = useQuery(api.messages.listByChannel, { channel: "random" });
  const [clicks, setClicks] = useState(0);
  useEffect(() => {
    Object.assign(window, { effects: ((window as { effects?: number }).effects ?? 0) + 1 });
  }, []);
  return (
    <main>
      <h1>Before the save</h1>
      <p data-testid="last">{data?.at(-1)?.text}</p>
      <button type="button" onClick={() => setClicks(clicks + 1)}>
        {clicks} clicks
      </button>
    </main>
  );
}
`;
const QUESTION = 'messages:listByChannel {"channel":"random"}';

test("StrictMode mounts twice and a save mounts anew: one socket, one subscription, live, and state is kept", async ({
  app,
  chat,
  page,
  request,
}) => {
  const wire = new Wiretap(page);
  app.add("app/probe/page.tsx", PROBE);
  await write(app, request, "random", "there before");
  // Next finds a new page when it looks, and answers 404 until then.
  await expect.poll(async () => (await request.get(`${app.url}/probe`)).status()).toBe(200);
  await page.goto(`${app.url}/probe`);
  const last = page.getByTestId("last");
  await expect(last).toHaveText("there before");
  expect(await effectsOf(page)).toBe(2);
  await write(app, request, "random", "after the mount");
  await expect(last).toHaveText("after the mount");
  expect([wire.sockets, wire.asked, wire.count("Unsubscribe")]).toEqual([1, [QUESTION], 0]);

  const button = page.getByRole("button", { name: "clicks" });
  await button.click();
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  const heading = page.getByRole("heading", { level: 1 });
  // Turbopack may take the first save after a page has loaded for what the page has (vercel/next.js#98215): save again.
  await expect(async () => {
    app.edit("app/probe/page.tsx", (code) => `${code.replace("Before the save", "After the save")}// saved\n`);
    await expect(heading).toHaveText("After the save", { timeout: patience.fact / 6 });
  }).toPass({ timeout: patience.fact });
  await expect(button).toHaveText("1 clicks");
  await write(app, request, "random", "after the save");
  await expect(last).toHaveText("after the save");

  // A component with other hooks than before is mounted anew.
  const state = "const [clicks, setClicks] = useState(0);";
  app.edit("app/probe/page.tsx", (code) =>
    code.replace("After the save", "With another hook").replace(state, `${state}\n  useState(0);`),
  );
  await expect(heading).toHaveText("With another hook");
  await expect.poll(() => effectsOf(page)).toBeGreaterThan(2);
  await write(app, request, "random", "after the second save");
  await expect(last).toHaveText("after the second save");
  expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
  expect([wire.sockets, wire.asked, wire.count("Unsubscribe")]).toEqual([1, [QUESTION], 0]);
  expect(chat.complaints).toEqual([]);
});

function effectsOf(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { effects: number }).effects);
}

/** The texts of the log, first to last. */
async function textsIn(chat: Chat): Promise<string[]> {
  return chat.log.locator("[data-state] p").allInnerTexts();
}
