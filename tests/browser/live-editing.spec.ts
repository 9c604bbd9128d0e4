import { expect, test } from "./fixtures.ts";

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
  app,
  chat,
}) => {
  await chat.open();
  await chat.live();
  const column = "    text: text().notNull(),\n";
  app.edit("convex/schema.ts", (code) => code.replace(column, `${column}    mood: text(),\n`));
  const withMood = "values({ channel, author, text, mood: 'good' })";
  app.edit("convex/messages.ts", (code) => code.replace("values({ channel, author, text })", withMood));
  await expect.poll(() => app.output, { timeout: 15_000 }).toContain("mood");
  await chat.say("with a mood");

  app.edit("convex/schema.ts", (code) => code.replace("    mood: text(),\n", ""));
  await expect.poll(() => app.output, { timeout: 15_000 }).toMatch(/drop/i);
  await chat.say("still with a mood");
  app.edit("convex/schema.ts", (code) => code.replace(column, `${column}    mood: text(),\n`));
  await chat.say("as before");
});
