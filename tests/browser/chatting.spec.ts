import { Chat, expect, SocketValve, test } from "./fixtures.ts";

test("two people in two browsers chat, both ways", async ({ app, chat, browser }) => {
  const other = await browser.newContext();
  const bob = new Chat(app, await other.newPage());
  await Promise.all([chat.open(), bob.open()]);
  await Promise.all([chat.live(), bob.live()]);

  await chat.say("hello from the first");
  await expect(bob.rows("hello from the first")).toHaveAttribute("data-state", "sent");
  await bob.say("hello from the second");
  await expect(chat.rows("hello from the second")).toHaveAttribute("data-state", "sent");
  expect([...chat.complaints, ...bob.complaints]).toEqual([]);
  await other.close();
});

test("a message shows at once, is confirmed in its place, and is never there twice", async ({ chat, page }) => {
  const valve = await SocketValve.on(page);
  await chat.open();
  await chat.live();
  valve.hold();
  await page.evaluate(watchCount, "optimism");
  await chat.send("optimism");
  await expect(chat.rows("optimism")).toHaveAttribute("data-state", "pending");

  valve.release();
  await expect(chat.rows("optimism")).toHaveAttribute("data-state", "sent");
  await expect(chat.rows("optimism")).toHaveCount(1);
  // From the moment it appeared there was one of it in every frame: no gap, no second copy.
  expect(await page.evaluate(() => (window as unknown as { counts: number[] }).counts)).toEqual([1]);
});

/** Notes in `window.counts` each number of messages with this text that a frame has shown, from the first one on. */
function watchCount(text: string): void {
  const counts: number[] = [];
  Object.assign(window, { counts });
  const look = () => {
    const rows = [...document.querySelectorAll("[role=log] [data-state]")];
    const count = rows.filter((row) => row.textContent?.includes(text)).length;
    if (count !== (counts.at(-1) ?? 0)) counts.push(count);
    requestAnimationFrame(look);
  };
  look();
}

test("many messages sent fast arrive in the order they were sent, each once", async ({ chat }) => {
  await chat.open("how-it-works");
  await chat.live();
  const texts = Array.from({ length: 10 }, (_, i) => `fast ${i}`);
  for (const text of texts) await chat.send(text);
  await expect(chat.rows("fast 9")).toHaveAttribute("data-state", "sent");
  const shown = await chat.log.locator('[data-state="sent"]').allInnerTexts();
  const order = shown.map((text) => /fast \d/.exec(text)?.[0]).filter((text) => text !== undefined);
  expect(order).toEqual(texts);
});

test("a mutation that fails takes its message back and offers to try again", async ({ app, chat }) => {
  const refuse = '    if (text === "unwelcome") throw new Error("No.");\n';
  const insert = "    await db.insert(messages)";
  await chat.open();
  await chat.live();
  await app.save("convex/messages.ts", (code) => code.replace(insert, refuse + insert));
  await chat.send("unwelcome");
  await expect(chat.rows("unwelcome")).toHaveAttribute("data-state", "failed");
  await app.save("convex/messages.ts", (code) => code.replace(refuse, ""));
  await chat.rows("unwelcome").getByRole("button", { name: "Retry" }).click();
  await expect(chat.rows("unwelcome")).toHaveAttribute("data-state", "sent");
});

test("a message whose outcome is unknown is shown as maybe sent, without a retry", async ({ chat }) => {
  await chat.page.routeWebSocket(/\/api\/sync$/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((text) => {
      const { type, request } = JSON.parse(String(text));
      if (type !== "Mutate") return server.send(text);
      const error = { kind: "unavailable", reason: "outcomeUnknown", message: "Outcome unknown." };
      socket.send(JSON.stringify({ type: "MutationFailed", request, error }));
    });
  });
  await chat.open();
  await chat.live();
  await chat.send("perhaps");
  const row = chat.rows("perhaps");
  await expect(row).toHaveAttribute("data-state", "unknown");
  await expect(row).toContainText("Maybe sent");
  await expect(row.getByRole("button", { name: "Retry" })).toHaveCount(0);
  await row.getByRole("button", { name: "Dismiss" }).click();
  await expect(row).toHaveCount(0);
});

test("the server is killed and started again in the middle: the page returns and nothing is lost or doubled", async ({
  app,
  chat,
}) => {
  await chat.open("random");
  await chat.live();
  await chat.say("before the crash");

  await app.stop("SIGKILL");
  await expect(chat.page.getByRole("status")).toContainText(/Reconnecting|Offline/);
  await chat.send("during the outage");
  await expect(chat.rows("during the outage")).toHaveAttribute("data-state", "pending");
  await app.start();

  await chat.live();
  await expect(chat.rows("during the outage")).toHaveAttribute("data-state", "sent");
  await chat.say("after it");
  await chat.page.reload();
  for (const text of ["before the crash", "during the outage", "after it"])
    await expect(chat.rows(text)).toHaveCount(1);
});
