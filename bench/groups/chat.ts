import type { Bench, Group } from "../bench.ts";
import { now } from "../clock.ts";
import type { Database } from "../databases.ts";
import { messageIn } from "../functions/conversation.ts";
import { Crowd } from "../load/crowd.ts";
import type { LoadSocket } from "../load/load-socket.ts";
import { MessageSender } from "../load/sender.ts";
import { percentile, type Row, ratioAtLeast, row } from "../report/row.ts";
import type { Kind, Server } from "../server-process.ts";
import { within } from "../within.ts";

const CHANNELS = 100;
const MEMBERS = 50;
const ROWS = 50;
const SENDERS = 64;
/** How often a user of the chat sends a message. */
const SECONDS_BETWEEN = 30;
const LATEST_MS = 200;
const TRIAL_SECONDS = 3;
const FIRST_RATE = 200;
/** After doubling the rate until it is too high, so many halvings of the interval. */
const HALVINGS = 3;

/** How many people can chat on one core, each of whom reads a channel of 50 and sends a message every 30 seconds. */
export const chat: Group = async (bench) => {
  const { sqlite, embedded } = bench.databases;
  const bare = await usersOf(bench, "bare", sqlite);
  const named = (database: Database) => `chat users with p95 of send → seen ≤ 200 ms (${database.name}, × bare)`;
  const rowOf = async (database: Database, least: number): Promise<Row> =>
    row(
      { name: named(database), unit: "", value: await usersOf(bench, "unlimited", database), baseline: bare },
      ratioAtLeast(least),
    );
  return [await rowOf(sqlite, 0.5), await rowOf(embedded, 0.3)];
};

async function usersOf(bench: Bench, kind: Kind, database: Database): Promise<number> {
  const server = await bench.start(kind, database);
  const senders = await Promise.all(Array.from({ length: SENDERS }, () => MessageSender.connect(server, 1)));
  let trials = 0;
  /** Each trial has channels of its own: long lists would cost more than short ones. */
  const holdsAt = async (rate: number): Promise<boolean> => {
    const trial = await Trial.open(server, senders, `t${++trials}-`);
    const p95 = await trial.p95(rate);
    await trial.end();
    return p95 <= LATEST_MS;
  };
  await holdsAt(FIRST_RATE);
  let holds = 0;
  let fails = FIRST_RATE;
  while (fails < 20_000 && (await holdsAt(fails))) {
    holds = fails;
    fails *= 2;
  }
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (holds + fails) / 2;
    if (await holdsAt(middle)) holds = middle;
    else fails = middle;
  }
  await bench.stopAll();
  return holds * SECONDS_BETWEEN;
}

/** Channels with their members, and clients that send messages at a given rate, whatever the server does. */
class Trial {
  readonly #crowd: Crowd;
  readonly #senders: readonly MessageSender[];
  readonly #prefix: string;
  /** By the member of each channel that is told last: when its messages that it has not seen were sent, by their numbers. */
  readonly #unseen = new Map<LoadSocket, Map<number, number>>();
  readonly #witnesses: LoadSocket[] = [];
  readonly #latencies: number[] = [];
  #sent = 0;

  private constructor(crowd: Crowd, senders: readonly MessageSender[], prefix: string) {
    this.#crowd = crowd;
    this.#senders = senders;
    this.#prefix = prefix;
    crowd.onDelivery = (payload, socket) => this.#see(payload, socket);
  }

  static async open(server: Server, senders: readonly MessageSender[], prefix: string): Promise<Trial> {
    await server.seed({ prefix, channels: CHANNELS, rows: ROWS });
    const crowd = new Crowd(server);
    const trial = new Trial(crowd, senders, prefix);
    for (let channel = 0; channel < CHANNELS; channel++) {
      await within(
        60,
        "Connecting",
        crowd.growTo((channel + 1) * MEMBERS, () => `${prefix}${channel}`),
      );
      const witness = crowd.sockets.at(-1) as LoadSocket;
      trial.#witnesses.push(witness);
      trial.#unseen.set(witness, new Map());
    }
    return trial;
  }

  /** Sends so many messages a second for a while. @returns milliseconds until a message was seen by the last of its channel. */
  async p95(rate: number): Promise<number> {
    const began = performance.now();
    for (let passed = 0; passed < TRIAL_SECONDS * 1_000; passed = performance.now() - began) {
      const due = Math.floor((passed / 1_000) * rate);
      while (this.#sent < due) this.#send();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await this.#allSeen();
    return percentile(this.#latencies, 0.95);
  }

  end(): Promise<void> {
    return this.#crowd.leave();
  }

  #send(): void {
    const number = ++this.#sent;
    const channel = number % CHANNELS;
    this.#unseen.get(this.#witnesses[channel] as LoadSocket)?.set(number, now());
    this.#senders[number % SENDERS]?.post(messageIn(`${this.#prefix}${channel}`, `#${number}.`));
  }

  #see(payload: Buffer, socket: LoadSocket): void {
    const unseen = this.#unseen.get(socket);
    if (!unseen || unseen.size === 0) return;
    const at = now();
    for (const [, number] of payload.toString("latin1").matchAll(/#(\d+)\./g)) {
      const sentAt = unseen.get(Number(number));
      if (sentAt === undefined) continue;
      this.#latencies.push((at - sentAt) / 1_000);
      unseen.delete(Number(number));
    }
  }

  /** What was sent at too high a rate is worked off. */
  async #allSeen(): Promise<void> {
    const waiting = () => [...this.#unseen.values()].some(({ size }) => size > 0);
    for (let i = 0; waiting(); i++) {
      if (i > 3_000) throw new Error("Messages of the chat were not seen within a minute.");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
