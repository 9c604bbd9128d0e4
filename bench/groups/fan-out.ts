import type { Bench, Group } from "../bench.ts";
import type { Database } from "../databases.ts";
import { messageIn } from "../functions/conversation.ts";
import { Crowd } from "../load/crowd.ts";
import { MessageSender } from "../load/sender.ts";
import { median, type Row, ratioAtLeast, ratioAtMost, ratioExactly, row } from "../report/row.ts";
import type { Kind, Server } from "../server-process.ts";
import { within } from "../within.ts";

const ROUNDS = 5;
const ROWS = 50;

/** One commit, and all subscribers of the query that it changed. */
export const fanOut: Group = async (bench) => {
  const rows: Row[] = [];
  for (const database of bench.everyDatabase) rows.push(...(await onDatabase(bench, database)));
  return rows;
};

async function onDatabase(bench: Bench, database: Database): Promise<Row[]> {
  const sides = { live: await Side.open(bench, "live", database), raw: await Side.open(bench, "raw", database) };
  const at1000 = await measure(sides, 1_000, 20);
  const at5000 = await measure(sides, 5_000, 6);
  await bench.stopAll();
  const named = (what: string) => `${what} (${database.name})`;
  return [
    row(
      { name: named("fan-out 1 → 1,000: deliveries per server-CPU-second"), unit: "/s", ...at1000.deliveries },
      ratioAtLeast(0.8),
    ),
    row(
      { name: named("fan-out 1 → 5,000: deliveries per server-CPU-second"), unit: "/s", ...at5000.deliveries },
      ratioAtLeast(0.8),
    ),
    row({ name: named("query runs per commit, 5,000 subscribers"), unit: "", ...at5000.runs }, ratioExactly(1)),
    row(
      { name: named("serialisations per commit, 5,000 subscribers"), unit: "", ...at5000.serialisations },
      ratioExactly(1),
    ),
    row({ name: named("commit → last of 1,000 subscribers, p50"), unit: "ms", ...at1000.latency }, ratioAtMost(1.5)),
  ];
}

interface Round {
  deliveriesPerSecond: number;
  /** Milliseconds. */
  latencies: number[];
  runs: number;
  serialisations: number;
}

async function measure(sides: Record<Kind, Side>, subscribers: number, commits: number) {
  const rounds: Record<Kind, Round[]> = { live: [], raw: [] };
  for (const side of Object.values(sides)) {
    await side.gather(subscribers);
    await side.round(commits);
  }
  for (let i = 0; i < ROUNDS; i++) {
    for (const kind of ["live", "raw"] as const) rounds[kind].push(await sides[kind].round(commits));
  }
  const compare = (figure: (round: Round) => number) => ({
    value: median(rounds.live.map(figure)),
    baseline: median(rounds.raw.map(figure)),
  });
  const p50 = (kind: Kind) => median(rounds[kind].flatMap(({ latencies }) => latencies));
  return {
    deliveries: compare((round) => round.deliveriesPerSecond),
    latency: { value: p50("live"), baseline: p50("raw") },
    runs: compare((round) => round.runs / commits),
    serialisations: compare((round) => round.serialisations / commits),
  };
}

/** One server, the subscribers of its channel, and a client that sends messages. */
class Side {
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

  static async open(bench: Bench, kind: Kind, database: Database): Promise<Side> {
    const server = await bench.start(kind, database);
    return new Side(server, await MessageSender.connect(server));
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
  async round(commits: number): Promise<Round> {
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
