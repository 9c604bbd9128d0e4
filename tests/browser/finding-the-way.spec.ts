import { randomUUID } from "node:crypto";
import { BrokenLine } from "../faults/broken-line.ts";
import { expect, test } from "./fixtures.ts";

test("the first Tab leads to the skip link, and Enter into the conversation", async ({ chat, page }) => {
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 640 });
    await chat.open("random");
    await chat.live();
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to the conversation" });
    await expect(skip, `at ${width} px`).toBeFocused();
    await expect(skip).toBeInViewport();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await expect(chat.log).toBeFocused();
  }
});

test("the channel that is open is in sight, however many channels there are, and an arrow says that there are more", async ({
  chat,
  page,
}) => {
  await page.setViewportSize({ width: 320, height: 640 });
  const nav = page.getByRole("navigation", { name: "Channels" });
  const arrow = (end: "before" | "after") =>
    nav.locator("ul").evaluate((list, at) => Number(getComputedStyle(list, `::${at}`).opacity), end);
  await chat.open("general");
  await chat.live();
  await expect.poll(() => arrow("after")).toBe(1);
  expect(await arrow("before")).toBe(0);

  await chat.open("random");
  await chat.live();
  await expect(nav.getByRole("link", { name: "random" })).toBeInViewport({ ratio: 1 });
  await nav.evaluate((list) => list.scrollTo({ left: list.scrollWidth }));
  await expect.poll(() => arrow("before")).toBe(1);
  await expect.poll(() => arrow("after")).toBe(0);

  // Where all that there are can be seen there is no arrow.
  await page.addStyleTag({ content: "nav li:not(:first-child) { display: none }" });
  await expect.poll(() => Promise.all([arrow("before"), arrow("after")])).toEqual([0, 0]);
});

test("a new channel's name is shown as it will be while it is typed; created, it is open and ready for a message", async ({
  chat,
  page,
}) => {
  await chat.open();
  await chat.live();
  const suffix = randomUUID().slice(0, 6);
  await page.getByRole("button", { name: "New channel" }).click();
  const field = page.getByRole("textbox", { name: "Name", exact: true });
  await expect(field).toBeFocused();
  await page.keyboard.type(`Überraschung! ${suffix}`);
  await expect(field).toHaveValue(`Überraschung! ${suffix}`);
  await expect(page.getByRole("dialog")).toContainText(`It will be #uberraschung-${suffix}`);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/chat/uberraschung-${suffix}$`));
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByRole("textbox", { name: "Message" })).toBeFocused();
  await page.keyboard.type("first");
  await page.keyboard.press("Enter");
  await expect(chat.rows("first")).toHaveAttribute("data-state", "sent");
  expect(chat.complaints).toEqual([]);
});

test("the author's name is plainly a field: it has a border and a sign, and what is typed is the name", async ({
  chat,
  page,
}) => {
  await chat.open("random");
  await chat.live();
  const field = page.getByRole("textbox", { name: "Writing as" });
  const frame = field.locator("..");
  expect(await frame.evaluate((element) => getComputedStyle(element).borderBottomColor)).not.toBe("rgba(0, 0, 0, 0)");
  await expect(frame.locator("svg")).toBeVisible();
  await field.fill("Nadia");
  await field.press("Enter");
  await chat.say("by Nadia");
  await expect(chat.rows("by Nadia")).toContainText("Nadia");
  await page.reload();
  await expect(field).toHaveValue("Nadia");
});

test("a page that loses the network says so within a second, and nothing of it says live", async ({
  app,
  chat,
  context,
  page,
}) => {
  await using line = await BrokenLine.to(app.port);
  await page.goto(`${line.url}/chat/random`);
  await chat.live();
  await page.evaluate(noteWhen, "Offline");
  // The line is dead, but does not tell: no close, no error.
  line.swallow("everything");
  await context.setOffline(true);
  await chat.send("written offline");
  await expect(page.getByRole("status")).toContainText("Offline");
  await expect(page.getByRole("status")).toContainText("1 waiting");
  await expect(page.getByRole("status")).not.toContainText("Live");
  // By the page's own clock, from the event on: how busy this machine is counts on both sides.
  const { offlineAt, saidAt } = await page.evaluate(() => window as unknown as Record<"offlineAt" | "saidAt", number>);
  test.info().annotations.push({ type: "offline", description: `said after ${Math.round(saidAt - offlineAt)} ms` });

  await context.setOffline(false);
  await chat.live();
  await expect(chat.rows("written offline")).toHaveAttribute("data-state", "sent");
});

/** Notes in `window` when the browser loses the network, and when the status says this word. */
function noteWhen(word: string): void {
  window.addEventListener("offline", () => Object.assign(window, { offlineAt: performance.now() }));
  const look = () => {
    const said = document.querySelector("[role=status]")?.textContent?.includes(word);
    if (said) Object.assign(window, { saidAt: performance.now() });
    else requestAnimationFrame(look);
  };
  look();
}
