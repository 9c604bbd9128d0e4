import type { Bench, Group } from "../bench.ts";
import type { Database } from "../databases.ts";
import { ChannelSide } from "../load/channel-side.ts";
import { type Bound, median, type Row, ratioAtLeast, ratioAtMost, row } from "../report/row.ts";
import type { Kind } from "../server-process.ts";

const ROUNDS = 5;
const ROWS = 10;
const MUTATIONS = 200;
const WARM_UP = 2_000;
/** Clients that send at once. */
const WINDOW = 16;
const MUTATIONS_AT_ONCE = 800;

/** Many channels with one subscriber each. Every mutation touches one of them. */
export const channels: Group = async (bench) => {
  const { embedded, postgres } = bench.databases;
  const rows = await onDatabase(bench, embedded, ratioAtMost(1.5), ratioAtLeast(0.8));
  if (postgres) rows.push(...(await onDatabase(bench, postgres, ratioAtMost(2.5), ratioAtLeast(0.9))));
  return rows;
};

async function onDatabase(bench: Bench, database: Database, cpuBound: Bound, rateBound: Bound): Promise<Row[]> {
  const open = (kind: Kind, channels: number) =>
    ChannelSide.open(bench, kind, database, { channels, rows: ROWS, warmUp: WARM_UP });
  const sides = {
    live: await open("unlimited", 1_000),
    raw: await open("raw", 1_000),
    many: await open("unlimited", 5_000),
  };
  const cpu: Record<keyof typeof sides, number[]> = { live: [], raw: [], many: [] };
  for (let i = 0; i < ROUNDS; i++) {
    for (const name of ["live", "raw", "many"] as const) cpu[name].push(await sides[name].cpuPerMutation(MUTATIONS));
  }
  const rate: Record<"live" | "raw", number[]> = { live: [], raw: [] };
  const senders = { live: await sides.live.senders(WINDOW), raw: await sides.raw.senders(WINDOW) };
  for (let i = 0; i <= ROUNDS; i++) {
    for (const name of ["live", "raw"] as const) {
      const measured = await sides[name].mutationsPerSecond(MUTATIONS_AT_ONCE, senders[name]);
      if (i > 0) rate[name].push(measured);
    }
  }
  await bench.stopAll();
  const named = (what: string) => `${what} (${database.name})`;
  const ofCpu = (value: "live" | "many", baseline: "live" | "raw") => ({
    unit: "ms",
    value: median(cpu[value]),
    baseline: median(cpu[baseline]),
  });
  return [
    row({ name: named("server CPU per mutation, 1 of 1,000 channels touched"), ...ofCpu("live", "raw") }, cpuBound),
    row(
      { name: named("server CPU per mutation, 5,000 channels against 1,000"), ...ofCpu("many", "live") },
      ratioAtMost(1.2),
    ),
    row(
      {
        name: named(`mutations of ${WINDOW} clients at once, 1,000 channels`),
        unit: "/s",
        value: median(rate.live),
        baseline: median(rate.raw),
      },
      rateBound,
    ),
  ];
}
