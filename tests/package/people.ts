import { type Browser, chromium, type Page } from "playwright";
import { findChromium } from "../browser/find-chromium.ts";
import { patience } from "../support/patience.ts";

/** One browser, and the windows of different people in it. */
export class People {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async arrive(): Promise<People> {
    return new People(await chromium.launch(await findChromium()));
  }

  async open(url: string): Promise<Window> {
    const window = new Window(await (await this.#browser.newContext()).newPage());
    await window.goto(url);
    return window;
  }

  leave(): Promise<void> {
    return this.#browser.close();
  }
}

/** One person's window, with a page that has a field and a list of messages. */
class Window {
  readonly #page: Page;
  /** Errors and warnings of the page's console, hydration included. */
  readonly #complaints: string[] = [];

  constructor(page: Page) {
    this.#page = page;
    page.setDefaultTimeout(patience.fact);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.#complaints.push(message.text());
    });
    page.on("pageerror", ({ message }) => this.#complaints.push(message));
  }

  async goto(url: string): Promise<void> {
    await this.#page.goto(url, { timeout: patience.test });
  }

  async say(text: string): Promise<void> {
    const box = this.#page.getByLabel("Message", { exact: true });
    await box.fill(text);
    await box.press("Enter");
    await this.sees(text);
  }

  async sees(text: string): Promise<void> {
    await this.#page.getByText(text).first().waitFor();
  }

  messages(): Promise<string[]> {
    return this.#page.getByRole("listitem").allTextContents();
  }

  /** @returns what the page complained about. */
  async close(): Promise<readonly string[]> {
    await this.#page.context().close();
    return this.#complaints;
  }
}
