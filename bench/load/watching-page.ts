import { type Browser, chromium, type Page } from "playwright";
import { findChromium } from "../../tests/browser/find-chromium.ts";
import { within } from "../within.ts";

const SHOW_SECONDS = 240;

/**
 * Keeps the time at which each text was shown, of the elements with `data-shown`: that of the frame after the change. Runs in
 * the page, before the page's own scripts.
 */
const RECORDER = `
const shownAt = new Map();
const waiting = new Map();
const look = () => {
  for (const { textContent } of document.querySelectorAll("[data-shown]")) {
    if (shownAt.has(textContent)) continue;
    shownAt.set(textContent, undefined);
    requestAnimationFrame(() => {
      shownAt.set(textContent, performance.timeOrigin + performance.now());
      waiting.get(textContent)?.();
    });
  }
};
new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
window.timeOf = (text) =>
  new Promise((resolve) => {
    const answer = () => resolve(shownAt.get(text));
    if (shownAt.get(text) !== undefined) answer();
    else waiting.set(text, answer);
  });
`;

/** A page in Chromium that knows when it has shown what. */
export class WatchingPage implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #page: Page;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.#page = page;
  }

  /** Starts the browser. */
  static async open(): Promise<WatchingPage> {
    const browser = await chromium.launch(await findChromium());
    const page = await browser.newPage();
    await page.addInitScript(RECORDER);
    return new WatchingPage(browser, page);
  }

  async goto(url: string): Promise<void> {
    await this.#page.goto(url, { timeout: SHOW_SECONDS * 1000, waitUntil: "commit" });
  }

  /** When an element with `data-shown` was first seen to have this text: milliseconds since 1970, by this machine's clock. */
  async timeOf(text: string): Promise<number> {
    const shown = this.#page.evaluate(
      (wanted) => (globalThis as unknown as { timeOf(text: string): Promise<number> }).timeOf(wanted),
      text,
    );
    return within(SHOW_SECONDS, `The page that is to show "${text}"`, shown);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
