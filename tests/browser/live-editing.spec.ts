import { Chat, expect, test } from "./fixtures.ts";

test("a save in convex/ is live in an open page, without a reload", async ({ app, chat, page }) => {
  await chat.open();
  await chat.live();
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  const all = "eq(messages.channel, channel)";
  const one = `and(${all}, eq(messages.author, "Amara"), eq(messages.text, "It appeared in the other window at once."))`;
  const [allImports, oneImports] = ["import { desc, eq }", "import { and, desc, eq }"];
  app.edit("convex/history.ts", (code) => code.replace(all, one).replace(allImports, oneImports));
  await expect(chat.log.locator("[data-state]")).toHaveCount(1);

  app.edit("convex/history.ts", (code) => code.replace(one, all).replace(oneImports, allImports));
  await expect(chat.log.locator("[data-state]")).not.toHaveCount(1);
  expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
});

test("a syntax error keeps the last good functions and is shown; its correction is served", async ({ app, chat }) => {
  await chat.open();
  await chat.live();
  await app.save(
    "convex/messages.ts",
    (code) => `${code}\nexport const broken = {{;\n`,
    /functions not reloaded[\s\S]*convex\/messages\.ts:\d+/,
  );
  await chat.say("still here");
  await app.save("convex/messages.ts", (code) => code.replace("\nexport const broken = {{;\n", ""), /good again/);
  await chat.say("and well");
});

test("a saved schema that only adds is applied; one that would lose data is refused and nothing changes", async ({
  page,
  // A database of its own: what the other tests find must not have changed.
  ownApp: app,
}) => {
  await app.start();
  const chat = await new Chat(app, page).open();
  await chat.live();
  const column = "    text: text().notNull(),\n";
  const mood = "    mood: text(),\n";
  await app.save("convex/schema.ts", (code) => code.replace(column, `${column}${mood}`));
  expect(app.output).toMatch(/add column "mood"/i);
  await app.save("convex/messages.ts", (code) => code.replace("author, text });", 'author, text, mood: "good" });'));
  await chat.say("with a mood");

  await app.save("convex/schema.ts", (code) => code.replace(mood, ""), /not changed/i);
  await chat.say("still with a mood");
  // Also shown in a page that is opened later; the terminal says it once, however many pages show it.
  const later = await new Chat(app, await page.context().newPage()).open();
  for (const { complaints } of [chat, later]) await expect.poll(() => complaints.join()).toMatch(/not changed/i);
  expect(app.output.match(/functions not reloaded/g)).toHaveLength(1);
  await app.save("convex/schema.ts", (code) => code.replace(column, `${column}${mood}`));
  await chat.say("as before");
  expect(app.output).not.toMatch(/failed \(incident/);
});
