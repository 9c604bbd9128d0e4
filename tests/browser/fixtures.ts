import { test as base, expect, type Locator, type Page } from "@playwright/test";
import { patience } from "../support/patience.ts";
import { App } from "./app.ts";

/**
 * Tests with one running copy of the application for all of them, and a page of the chat for each. `ownApp` is a copy for
 * one test alone, which starts it.
 */
export const test = base.extend<{ chat: Chat; ownApp: App }, { app: App }>({
  app: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the first parameter's pattern
    async ({}, use) => {
      const app = await App.copy();
      try {
        await app.start();
        await use(app);
      } finally {
        await app.remove();
      }
    },
    { scope: "worker", timeout: patience.test },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the first parameter's pattern
  ownApp: async ({}, use) => {
    const app = await App.copy();
    await use(app);
    await app.remove();
  },
  chat: async ({ app, page }, use) => {
    await use(new Chat(app, page));
    await app.undoEdits();
  },
});

export { expect };

/** The demo as one person uses it, in one page. */
export class Chat {
  readonly page: Page;
  /** Errors and warnings of the page's console, hydration included. */
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

  async open(channel = "general"): Promise<this> {
    await this.page.goto(`${this.#app.url}/chat/${channel}`);
    return this;
  }

  /** Waits until the socket is connected. */
  async live(): Promise<this> {
    await expect(this.page.getByRole("status").filter({ hasText: "Live" })).toBeVisible();
    return this;
  }

  get log(): Locator {
    return this.page.getByRole("log", { name: "Messages" });
  }

  /** The rows that hold exactly this text. */
  rows(text: string): Locator {
    return this.log.locator("[data-state]").filter({ has: this.page.getByText(text, { exact: true }) });
  }

  async send(text: string): Promise<void> {
    const box = this.page.getByRole("textbox", { name: "Message" });
    await box.fill(text);
    await box.press("Enter");
  }

  /** Sends, and waits until the server has it. */
  async say(text: string): Promise<void> {
    await this.send(text);
    await expect(this.rows(text)).toHaveAttribute("data-state", "sent");
  }
}

/** The messages that a page's sockets have sent to the server, from the first socket on. */
export class Wiretap {
  readonly sent: { type: string; queries?: { query: number; path: string; args: object }[] }[] = [];
  sockets = 0;

  /** Call before the page is opened. */
  constructor(page: Page) {
    page.on("websocket", (socket) => {
      if (!socket.url().endsWith("/api/sync")) return;
      this.sockets++;
      socket.on("framesent", ({ payload }) => this.sent.push(JSON.parse(String(payload))));
    });
  }

  /** The queries that were subscribed to, in order: `messages:list {"channel":"a"}`. */
  get asked(): string[] {
    return this.sent.flatMap(({ type, queries = [] }) =>
      type === "Subscribe" ? queries.map(({ path, args }) => `${path} ${JSON.stringify(args)}`) : [],
    );
  }

  count(type: string): number {
    return this.sent.filter((message) => message.type === type).length;
  }
}

/** Sits between a page and its socket, and holds back the server's messages until told to pass them on. */
export class SocketValve {
  readonly #held: (() => void)[] = [];
  #open = true;

  /** Call before the page is opened. */
  static async on(page: Page): Promise<SocketValve> {
    const valve = new SocketValve();
    await page.routeWebSocket(/\/api\/sync$/, (toPage) => {
      const toServer = toPage.connectToServer();
      toServer.onMessage((message) => valve.#pass(() => toPage.send(message)));
      toPage.onMessage((message) => toServer.send(message));
    });
    return valve;
  }

  hold(): void {
    this.#open = false;
  }

  release(): void {
    this.#open = true;
    for (const pass of this.#held.splice(0)) pass();
  }

  #pass(send: () => void): void {
    if (this.#open) send();
    else this.#held.push(send);
  }
}
