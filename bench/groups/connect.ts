import type { Bench, Group } from "../bench.ts";
import type { Database } from "../databases.ts";
import { messageIn } from "../functions/conversation.ts";
import { Crowd } from "../load/crowd.ts";
import { MessageSender } from "../load/sender.ts";
import { median, type Row, ratioAtMost, row } from "../report/row.ts";
import type { Server } from "../server-process.ts";
import { within } from "../within.ts";

const ROUNDS = 11;
/** Rounds before the first measurement: V8 compiles a server and its embedded database while they run. */
const WARM_UPS = 10;
const WARM_UP_MESSAGES = 300;
const CLIENTS = 1_000;
const ROWS = 50;

/** A thousand clients connect, and each gets its first result. */
export const connect: Group = async (bench) => {
  const rows: Row[] = [];
  for (const database of bench.everyDatabase) rows.push(await onDatabase(bench, database));
  return rows;
};

async function onDatabase(bench: Bench, database: Database): Promise<Row> {
  const servers = { live: await bench.start("live", database), raw: await bench.start("raw", database) };
  const cpu = { live: [] as number[], raw: [] as number[] };
  for (const server of Object.values(servers)) {
    await server.seed({ prefix: "c", channels: 1, rows: ROWS });
    await warmUp(server);
  }
  for (let i = 0; i < ROUNDS; i++) {
    for (const kind of ["live", "raw"] as const) cpu[kind].push(await arrive(servers[kind]));
  }
  await bench.stopAll();
  const value = median(cpu.live) / 1000;
  const baseline = median(cpu.raw) / 1000;
  const name = `1,000 clients connect + first result: server CPU (${database.name})`;
  return row({ name, unit: "ms", value, baseline }, ratioAtMost(1.2));
}

async function warmUp(server: Server): Promise<void> {
  const sender = await MessageSender.connect(server);
  const crowd = new Crowd(server);
  await crowd.growTo(1, () => "elsewhere");
  for (let i = 0; i < WARM_UP_MESSAGES; i++) {
    const arrived = crowd.deliveries(1);
    await Promise.all([sender.send(messageIn("elsewhere")), arrived]);
  }
  await crowd.leave();
  for (let i = 0; i < WARM_UPS; i++) await arrive(server);
}

/** @returns microseconds of processor time until every client had a result. */
async function arrive(server: Server): Promise<number> {
  const crowd = new Crowd(server);
  await server.usage();
  await within(
    60,
    "Connecting",
    crowd.growTo(CLIENTS, () => "c0"),
  );
  const { cpu } = await server.usage();
  await crowd.leave();
  return cpu;
}
