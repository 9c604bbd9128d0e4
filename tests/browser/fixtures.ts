import { test as base, expect, type Page } from "@playwright/test";
import { App } from "./app.ts";

/** A page that remembers everything its console complained about. */
export interface Watched {
  readonly complaints: string[];
}

export const test = base.extend<{ chat: Chat }, { app: App }>({
  app: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the first parameter's pattern
    async ({}, use) => {
      const app = await App.copy();
      await app.start();
      await use(app);
      await app.remove();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  chat: async ({ app, page }, use) => {
    await use(new Chat(app, page));
  },
});

export { expect };

/** The demo as a person uses it. */
export class Chat {
  readonly page: Page;
  readonly complaints: string[] = [];
  readonly #app: App;

  constructor(app: App, page: Page) {
    this.#app = app;
    this.page = page;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(error.message));
  }

  async open(channel = "general"): Promise<void> {
    await this.page.goto(`${this.#app.url}/chat/${channel}`);
  }

  /** Waits until the socket is connected and everything asked for has been answered. */
  async live(): Promise<void> {
    await expect(this.page.getByRole("status").filter({ hasText: /live/i })).toBeVisible({ timeout: 20_000 });
  }

  get log() {
    return this.page.getByRole("log", { name: "Messages" });
  }

  message(text: string) {
    return this.log.getByText(text, { exact: true });
  }

  async send(text: string): Promise<void> {
    await this.page.getByRole("textbox", { name: "Message" }).fill(text);
    await this.page.getByRole("textbox", { name: "Message" }).press("Enter");
  }
}
