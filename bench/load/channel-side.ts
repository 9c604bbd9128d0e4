import type { Bench } from "../bench.ts";
import type { Database } from "../databases.ts";
import { messageIn } from "../functions/conversation.ts";
import type { Kind, Server } from "../server-process.ts";
import { within } from "../within.ts";
import { Crowd } from "./crowd.ts";
import { MessageSender } from "./sender.ts";

/** Messages before the first measurement: V8 compiles a server while it runs. They go to channels of their own. */
const WARM_UP_CHANNELS = 500;

export interface ChannelSideOptions {
  /** So many channels, with one subscriber each. */
  channels: number;
  /** The rows of each. */
  rows: number;
  /** Messages before the first measurement. */
  warmUp: number;
}

/** One server, a subscriber for each of its channels, and clients that send messages to the channels in turn. */
export class ChannelSide {
  readonly #server: Server;
  readonly #crowd: Crowd;
  readonly #sender: MessageSender;
  readonly #channels: number;
  #sent = 0;

  private constructor(server: Server, sender: MessageSender, channels: number) {
    this.#server = server;
    this.#crowd = new Crowd(server);
    this.#sender = sender;
    this.#channels = channels;
  }

  static async open(bench: Bench, kind: Kind, database: Database, options: ChannelSideOptions): Promise<ChannelSide> {
    const { channels, rows, warmUp } = options;
    const server = await bench.start(kind, database);
    const side = new ChannelSide(server, await MessageSender.connect(server), channels);
    await side.#warmUp(warmUp);
    await server.seed({ prefix: "c", channels, rows });
    await within(
      60,
      "Connecting",
      side.#crowd.growTo(channels, (i) => `c${i}`),
    );
    await side.cpuPerMutation(100);
    return side;
  }

  async #warmUp(messages: number): Promise<void> {
    await this.#server.seed({ prefix: "w", channels: WARM_UP_CHANNELS, rows: 2 });
    const crowd = new Crowd(this.#server);
    await crowd.growTo(WARM_UP_CHANNELS, (i) => `w${i}`);
    for (let i = 0; i < messages; i++) {
      const arrived = crowd.deliveries(1);
      const done = this.#sender.send(messageIn(`w${i % WARM_UP_CHANNELS}`));
      await within(20, "A mutation", Promise.all([arrived, done]));
    }
    await crowd.leave();
  }

  #next() {
    return messageIn(`c${this.#sent++ % this.#channels}`);
  }

  /** Sends messages one after another, each when the last has been acknowledged and seen. @returns milliseconds. */
  async cpuPerMutation(messages: number): Promise<number> {
    await this.#server.usage();
    for (let i = 0; i < messages; i++) {
      const arrived = this.#crowd.deliveries(1);
      await within(20, "A mutation", Promise.all([arrived, this.#sender.send(this.#next())]));
    }
    return (await this.#server.usage()).cpu / messages / 1_000;
  }

  /** Sends messages from so many clients at once, each one after another. @returns acknowledged messages a second. */
  async mutationsPerSecond(messages: number, senders: readonly MessageSender[]): Promise<number> {
    const began = performance.now();
    let left = messages;
    const work = async (sender: MessageSender): Promise<void> => {
      while (left-- > 0) await sender.send(this.#next());
    };
    await within(60, "Mutations", Promise.all(senders.map(work)));
    return messages / ((performance.now() - began) / 1_000);
  }

  /** Clients for `mutationsPerSecond`, with a socket each. */
  senders(count: number): Promise<MessageSender[]> {
    return Promise.all(Array.from({ length: count }, () => MessageSender.connect(this.#server, 1)));
  }
}
