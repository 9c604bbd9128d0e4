import { App } from "./app.ts";
import { Chat, expect, test } from "./fixtures.ts";

const handler = "db.query.messages.findMany({";

test("a save in convex/ is live in an open page, without a reload", async ({ app, chat, page }) => {
  await chat.open();
  await chat.live();
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  const limited = "limit: 1,\n      ";
  const started = Date.now();
  app.edit("convex/messages.ts", (code) => code.replace(`${handler}\n      `, `${handler}\n      ${limited}`));
  await expect(chat.log.locator("[data-state]")).toHaveCount(1);
  test.info().annotations.push({ type: "save to page", description: `${Date.now() - started} ms, polling included` });

  app.edit("convex/messages.ts", (code) => code.replace(limited, ""));
  await expect(chat.log.locator("[data-state]")).not.toHaveCount(1);
  expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
});

test("a syntax error keeps the last good functions and is shown; its correction is served", async ({ app, chat }) => {
  await chat.open();
  await chat.live();
  app.edit("convex/messages.ts", (code) => `${code}\nexport const broken = {{;\n`);
  await expect.poll(() => app.output).toMatch(/convex\/messages\.ts:\d+/);
  await chat.say("still here");
  app.edit("convex/messages.ts", (code) => code.replace("\nexport const broken = {{;\n", ""));
  await chat.say("and well");
});

test("a saved schema that only adds is applied; one that would lose data is refused and nothing changes", async ({
  page,
}) => {
  test.setTimeout(90_000);
  // A database of its own: what the other tests find must not have changed.
  const app = await App.copy();
  try {
    await app.start();
    const chat = await new Chat(app, page).open();
    await chat.live();
    const column = "    text: text().notNull(),\n";
    const mood = "    mood: text(),\n";
    app.edit("convex/schema.ts", (code) => code.replace(column, `${column}${mood}`));
    const reloads = () => app.output.split("functions reloaded").length - 1;
    await expect.poll(reloads, { timeout: 15_000 }).toBe(1);
    expect(app.output).toMatch(/add column "mood"/i);
    app.edit("convex/messages.ts", (code) => code.replace("author, text });", 'author, text, mood: "good" });'));
    await expect.poll(reloads, { timeout: 15_000 }).toBe(2);
    await chat.say("with a mood");

    app.edit("convex/schema.ts", (code) => code.replace(mood, ""));
    await expect.poll(() => app.output, { timeout: 15_000 }).toMatch(/not changed/i);
    await chat.say("still with a mood");
    // Also in a page that was not there to hear it; and the terminal says it once, however many pages do.
    const later = await new Chat(app, await page.context().newPage()).open();
    for (const { complaints } of [chat, later]) await expect.poll(() => complaints.join()).toMatch(/not changed/i);
    expect(app.output.match(/functions not reloaded/g)).toHaveLength(1);
    app.edit("convex/schema.ts", (code) => code.replace(column, `${column}${mood}`));
    await chat.say("as before");
    expect(app.output).not.toMatch(/failed \(incident/);
  } finally {
    await app.remove();
  }
});
