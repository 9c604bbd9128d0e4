import { setTimeout } from "node:timers/promises";
import type { BrokenLine } from "../faults/broken-line.ts";
import type { ServerProcess } from "../faults/server-process.ts";
import type { Chance } from "../fuzz/chance.ts";

/** What breaks while the bank is open, and how often it has. */
export class Trouble {
  kills = 0;
  cuts = 0;
  readonly #server: ServerProcess;
  readonly #lines: readonly BrokenLine[];
  readonly #chance: Chance;
  readonly #start: () => Promise<void>;

  /** @param start Starts the server again. */
  constructor(server: ServerProcess, lines: readonly BrokenLine[], chance: Chance, start: () => Promise<void>) {
    this.#server = server;
    this.#lines = lines;
    this.#chance = chance;
    this.#start = start;
  }

  /** Cuts lines for so long, and kills the server so many times meanwhile. It runs at the end. */
  async make(seconds: number, kills: number): Promise<void> {
    const part = (seconds * 1_000) / (kills + 1);
    for (let left = kills; left >= 0; left--) {
      const until = performance.now() + part;
      while (performance.now() < until) {
        await setTimeout(200 + this.#chance.pick(1_000));
        this.#cut();
      }
      if (left > 0) await this.#kill();
    }
  }

  #cut(): void {
    const line = this.#chance.oneOf(this.#lines);
    this.cuts++;
    if (this.#chance.chance() < 0.5) line.cut();
    else line.cutBefore(this.#chance.oneOf(["MutationSucceeded", "reflected", "Connected"]));
  }

  async #kill(): Promise<void> {
    await this.#server.kill();
    this.kills++;
    await this.#start();
  }
}
