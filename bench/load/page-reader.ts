import { Agent, get } from "node:http";
import { within } from "../within.ts";

const AT_ONCE = 8;

/** Requests pages from a server, a few at the same time, over connections that stay open. */
export class PageReader {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

  constructor(port: number) {
    this.#port = port;
  }

  /**
   * Requests pages for a number of seconds.
   * @param holds The text that every page must contain, and how often.
   * @returns pages per second, and their number.
   */
  async read(seconds: number, path: () => string, holds: { text: string; times: number }) {
    const began = performance.now();
    let pages = 0;
    const reader = async (): Promise<void> => {
      while (performance.now() - began < seconds * 1000) {
        const page = await within(20, "A page", this.page(path()));
        const found = page.split(holds.text).length - 1;
        if (found !== holds.times)
          throw new Error(`Expected ${holds.times} × ${holds.text} in a page. Found ${found}.`);
        pages++;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, reader));
    return { pages, perSecond: pages / ((performance.now() - began) / 1000) };
  }

  page(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      get({ host: "127.0.0.1", port: this.#port, path, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${path} was answered with ${response.statusCode}: ${text.slice(0, 300)}`));
        });
        response.on("error", reject);
      }).on("error", reject);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
