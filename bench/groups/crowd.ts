import { setTimeout } from "node:timers/promises";
import { HandClock } from "../../lib/testing/hand-clock.ts";
import { GreedyProcess } from "../../tests/crowd/greedy-process.ts";
import { OrdinaryClient } from "../../tests/crowd/ordinary-client.ts";
import { chanceFrom } from "../../tests/fuzz/chance.ts";
import type { Bench, Group } from "../bench.ts";
import type { Database } from "../databases.ts";
import { median, type Row, ratioAtLeast, ratioAtMost, row } from "../report/row.ts";
import { crowdServer, type Server } from "../server-process.ts";
import { within } from "../within.ts";

const ROUNDS = 3;
const SECONDS = 10;
const CLIENTS = 50;
/** Clients of one list. */
const READERS = 5;
const LISTS = Array.from({ length: CLIENTS / READERS }, (_, i) => `list${i}`);

/** Ordinary clients beside greedy ones, against the same beside as many ordinary ones. */
export const crowd: Group = async (bench) => {
  const rows: Row[] = [];
  for (const database of bench.everyDatabase) rows.push(...(await onDatabase(bench, database)));
  return rows;
};

async function onDatabase(bench: Bench, database: Database): Promise<Row[]> {
  const sides = {
    greedy: await Side.open(await bench.startProgram(crowdServer, database)),
    ordinary: await Side.open(await bench.startProgram(crowdServer, database)),
  };
  const others = { greedy: greedyOnes, ordinary: ordinaryOnes };
  const rounds: Record<keyof typeof sides, Round[]> = { greedy: [], ordinary: [] };
  for (let i = 0; i < ROUNDS; i++) {
    for (const side of ["greedy", "ordinary"] as const) rounds[side].push(await sides[side].round(i, others[side]));
  }
  for (const side of Object.values(sides)) await side.close();
  await bench.stopAll();
  const compare = (figure: (round: Round) => number) => ({
    value: median(rounds.greedy.map(figure)),
    baseline: median(rounds.ordinary.map(figure)),
  });
  const named = (what: string) => `${CLIENTS} clients beside ${CLIENTS} greedy ones: ${what} (${database.name})`;
  return [
    row({ name: named("mutations a second"), unit: "/s", ...compare(({ perSecond }) => perSecond) }, ratioAtLeast(0.5)),
    row({ name: named("mutation p99"), unit: "ms", ...compare(({ p99 }) => p99) }, ratioAtMost(3)),
  ];
}

interface Round {
  perSecond: number;
  /** Milliseconds. */
  p99: number;
}

/** Makes others do what they do. @returns a function that ends it. */
type Others = (server: Server, seed: number) => Promise<() => Promise<void>>;

const greedyOnes: Others = async ({ port }, seed) => {
  const others = new GreedyProcess(`127.0.0.1:${port}`, CLIENTS, seed, LISTS);
  return async () => {
    await others.leave();
  };
};

const ordinaryOnes: Others = async (server, seed) => {
  const others = await gather(server, `other${seed}-`);
  for (const client of others) client.begin();
  return async () => {
    for (const client of others) await client.rest();
    for (const client of others) await client.close();
  };
};

/** One server, and the clients that are measured. */
class Side {
  readonly #server: Server;
  readonly #clients: readonly OrdinaryClient[];

  private constructor(server: Server, clients: readonly OrdinaryClient[]) {
    this.#server = server;
    this.#clients = clients;
  }

  static async open(server: Server): Promise<Side> {
    return new Side(server, await gather(server, "client"));
  }

  async round(seed: number, others: Others): Promise<Round> {
    const leave = await others(this.#server, seed);
    const before = this.#latencies.length;
    for (const client of this.#clients) client.begin();
    await setTimeout(SECONDS * 1_000);
    const done = this.#latencies.length - before;
    await leave();
    for (const client of this.#clients) await within(60, "The last mutations", client.rest());
    await this.#alone();
    const refused = this.#clients.flatMap((client) => client.refused);
    if (refused.length > 0) throw new Error(`Expected every mutation to succeed. Found: ${refused[0]}`);
    const latencies = this.#clients.flatMap((client) => client.latencies.splice(0)).sort((a, b) => a - b);
    return { perSecond: done / SECONDS, p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN };
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.close();
  }

  get #latencies(): number[] {
    return this.#clients.flatMap(({ latencies }) => latencies);
  }

  /** The server has noticed that the others are gone, and has ended what they had asked for. */
  async #alone(): Promise<void> {
    while ((await this.#server.socketCount()) > this.#clients.length) await setTimeout(20);
    await setTimeout(1_000);
  }
}

async function gather({ port }: Server, name: string): Promise<OrdinaryClient[]> {
  const clients = Array.from({ length: CLIENTS }, (_, i) => {
    const list = LISTS[i % LISTS.length] ?? "";
    return new OrdinaryClient(`http://127.0.0.1:${port}`, `${name}${i}`, list, chanceFrom(new HandClock(i)));
  });
  const all = async () => {
    while (!clients.every(({ isReady }) => isReady)) await setTimeout(20);
  };
  await within(60, "Connecting", all());
  return clients;
}
