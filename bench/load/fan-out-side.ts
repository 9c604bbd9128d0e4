import type { Bench } from "../bench.ts";
import type { Database } from "../databases.ts";
import { messageIn } from "../functions/conversation.ts";
import type { Kind, Server } from "../server-process.ts";
import { within } from "../within.ts";
import { Crowd } from "./crowd.ts";
import { polling } from "./polling.ts";
import { MessageSender } from "./sender.ts";

const ROWS = 50;

/** What some commits and their deliveries took. */
export interface Round {
  deliveriesPerSecond: number;
  /** Milliseconds, where the time of a COMMIT is known: the driver is `pg`. */
  latencies: number[];
  runs: number;
  serialisations: number;
}

/** One server, the subscribers of its channel, and a client that sends messages. */
export class FanOutSide {
  readonly #server: Server;
  readonly #crowd: Crowd;
  readonly #sender: MessageSender;
  #channel = "";
  #channels = 0;
  #sent = 0;

  private constructor(server: Server, sender: MessageSender) {
    this.#server = server;
    this.#crowd = new Crowd(server);
    this.#sender = sender;
  }

  static async open(bench: Bench, kind: Kind, database: Database): Promise<FanOutSide> {
    const server = await bench.start(kind, database);
    return new FanOutSide(server, await MessageSender.connect(server));
  }

  /** Subscribes clients to a new channel, so that results have the same length in every run. */
  async gather(subscribers: number): Promise<void> {
    await this.#crowd.leave();
    const prefix = `fan${++this.#channels}-`;
    await this.#server.seed({ prefix, channels: 1, rows: ROWS });
    this.#channel = `${prefix}0`;
    await within(
      60,
      "Connecting",
      this.#crowd.growTo(subscribers, () => this.#channel),
    );
  }

  /** Makes commits, each after the previous one has reached all subscribers. */
  round(commits: number): Promise<Round> {
    return polling(() => this.#round(commits));
  }

  async #round(commits: number): Promise<Round> {
    await this.#server.usage();
    const arrivals: number[] = [];
    for (let i = 0; i < commits; i++) {
      const marker = `message ${++this.#sent}.`;
      const arrived = this.#crowd.deliveries(this.#crowd.size);
      const done = this.#sender.send(messageIn(this.#channel, marker));
      arrivals.push(await within(20, "A fan-out", arrived));
      await within(20, "A mutation", done);
      if (!this.#crowd.last.includes(marker)) throw new Error(`A delivery did not hold what was sent: ${marker}`);
    }
    const { cpu, commits: committed, queryRuns, serialisations } = await this.#server.usage();
    return {
      deliveriesPerSecond: (commits * this.#crowd.size) / (cpu / 1e6),
      latencies: arrivals.map((at, i) => (at - (committed[i] as number)) / 1000),
      runs: queryRuns,
      serialisations,
    };
  }
}
