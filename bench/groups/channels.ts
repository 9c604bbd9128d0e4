import type { Bench, Group } from "../bench.ts";
import type { Database } from "../databases.ts";
import { messageIn } from "../functions/conversation.ts";
import { Crowd } from "../load/crowd.ts";
import { MessageSender } from "../load/sender.ts";
import { median, type Row, ratioAtMost, row } from "../report/row.ts";
import type { Kind, Server } from "../server-process.ts";
import { within } from "../within.ts";

const ROUNDS = 5;
const ROWS = 10;
const MUTATIONS = 200;

/** Many channels with one subscriber each. Every mutation touches one of them. */
export const channels: Group = async (bench) => {
  const rows: Row[] = [];
  for (const database of bench.everyDatabase) rows.push(...(await onDatabase(bench, database)));
  return rows;
};

async function onDatabase(bench: Bench, database: Database): Promise<Row[]> {
  const sides = {
    live: await Side.open(bench, "live", database, 1_000),
    raw: await Side.open(bench, "raw", database, 1_000),
    many: await Side.open(bench, "live", database, 5_000),
  };
  const cpu: Record<keyof typeof sides, number[]> = { live: [], raw: [], many: [] };
  for (const side of Object.values(sides)) await side.round();
  for (let i = 0; i < ROUNDS; i++) {
    for (const name of ["live", "raw", "many"] as const) cpu[name].push(await sides[name].round());
  }
  await bench.stopAll();
  const ms = (name: keyof typeof sides) => median(cpu[name]) / 1000;
  const named = (what: string) => `${what} (${database.name})`;
  return [
    row(
      {
        name: named("server CPU per mutation, 1 of 1,000 channels touched"),
        unit: "ms",
        value: ms("live"),
        baseline: ms("raw"),
      },
      ratioAtMost(2.5),
    ),
    row(
      {
        name: named("server CPU per mutation, 5,000 channels against 1,000"),
        unit: "ms",
        value: ms("many"),
        baseline: ms("live"),
      },
      ratioAtMost(1.2),
    ),
  ];
}

class Side {
  readonly #server: Server;
  readonly #crowd: Crowd;
  readonly #sender: MessageSender;
  #sent = 0;

  private constructor(server: Server, sender: MessageSender) {
    this.#server = server;
    this.#crowd = new Crowd(server);
    this.#sender = sender;
  }

  static async open(bench: Bench, kind: Kind, database: Database, size: number): Promise<Side> {
    const server = await bench.start(kind, database);
    await server.seed({ prefix: "c", channels: size, rows: ROWS });
    const side = new Side(server, await MessageSender.connect(server));
    await within(
      60,
      "Connecting",
      side.#crowd.growTo(size, (i) => `c${i}`),
    );
    return side;
  }

  /** @returns microseconds of processor time per mutation, all threads of the server. */
  async round(): Promise<number> {
    await this.#server.usage();
    for (let i = 0; i < MUTATIONS; i++) {
      const arrived = this.#crowd.deliveries(1);
      const done = this.#sender.send(messageIn(`c${this.#sent++ % 1_000}`));
      await within(20, "A mutation", Promise.all([arrived, done]));
    }
    const { cpu } = await this.#server.usage();
    return cpu / MUTATIONS;
  }
}
