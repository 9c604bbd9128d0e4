import { Agent, get } from "node:http";
import { within } from "../within.ts";

const AT_ONCE = 8;

/** Asks a server for pages, a few at a time over connections that stay open. */
export class PageReader {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

  constructor(port: number) {
    this.#port = port;
  }

  /**
   * Asks again and again for so many seconds.
   * @param holds Every page must hold this text so many times.
   * @returns pages per second, and how many.
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
