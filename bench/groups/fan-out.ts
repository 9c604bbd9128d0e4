import type { Bench, Group } from "../bench.ts";
import type { Database } from "../databases.ts";
import { FanOutSide, type Round } from "../load/fan-out-side.ts";
import { median, type Row, ratioAtLeast, ratioAtMost, ratioExactly, row } from "../report/row.ts";
import type { Kind } from "../server-process.ts";

const ROUNDS = 7;

/** One commit, and all subscribers of the query that it changed. */
export const fanOut: Group = async (bench) => {
  const rows: Row[] = [];
  const { sqlite, embedded } = bench.databases;
  rows.push(await againstPrebuilt(bench, sqlite, 1), await againstPrebuilt(bench, embedded, 0.85));
  for (const database of bench.everyDatabase) rows.push(...(await onDatabase(bench, database)));
  return rows;
};

async function againstPrebuilt(bench: Bench, database: Database, least: number): Promise<Row> {
  const { deliveries } = await measure(await open(bench, "prebuilt", database), 1_000, 20);
  await bench.stopAll();
  const name = `fan-out 1 → 1,000: deliveries per server-CPU-second (${database.name}, × prebuilt)`;
  return row({ name, unit: "/s", ...deliveries }, ratioAtLeast(least));
}

async function onDatabase(bench: Bench, database: Database): Promise<Row[]> {
  const sides = await open(bench, "raw", database);
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

interface Sides {
  live: FanOutSide;
  baseline: FanOutSide;
}

async function open(bench: Bench, baseline: Kind, database: Database): Promise<Sides> {
  return {
    live: await FanOutSide.open(bench, "live", database),
    baseline: await FanOutSide.open(bench, baseline, database),
  };
}

async function measure(sides: Sides, subscribers: number, commits: number) {
  const rounds: Record<keyof Sides, Round[]> = { live: [], baseline: [] };
  for (const side of Object.values(sides)) {
    await side.gather(subscribers);
    for (let i = 0; i < 3; i++) await side.round(commits);
  }
  for (let i = 0; i < ROUNDS; i++) {
    for (const kind of ["live", "baseline"] as const) rounds[kind].push(await sides[kind].round(commits));
  }
  const compare = (figure: (round: Round) => number) => ({
    value: median(rounds.live.map(figure)),
    baseline: median(rounds.baseline.map(figure)),
  });
  const p50 = (kind: keyof Sides) => median(rounds[kind].flatMap(({ latencies }) => latencies));
  return {
    deliveries: compare((round) => round.deliveriesPerSecond),
    latency: { value: p50("live"), baseline: p50("baseline") },
    runs: compare((round) => round.runs / commits),
    serialisations: compare((round) => round.serialisations / commits),
  };
}
