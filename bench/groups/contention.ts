import type { Bench, Group } from "../bench.ts";
import type { Database } from "../databases.ts";
import { median, percentile, type Row, ratioAtLeast, ratioAtMost, row, valueExactly } from "../report/row.ts";
import type { Contended, Contention } from "../server/contention.ts";
import { contentionServer } from "../server-process.ts";

const ROUNDS = 3;
/** Milliseconds. */
const ROUND = 5_000;

/** Mutations that change the same few rows: how many are done, how long each takes, and whether any fails. */
export const contention: Group = async (bench) => {
  const { postgres } = bench.databases;
  if (!postgres) return [];
  return [
    ...(await between(bench, postgres, { what: "transfers between hot accounts", inOrder: false, atLeast: 4 })),
    ...(await between(bench, postgres, { what: "the same, accounts in order", inOrder: true, atLeast: 0.8 })),
  ];
};

async function between(
  bench: Bench,
  database: Database,
  { what, inOrder, atLeast }: { what: string; inOrder: boolean; atLeast: number },
): Promise<Row[]> {
  const server = await bench.startProgram(contentionServer, database);
  const seen: Record<Contention["through"], Contended[]> = { engine: [], loop: [] };
  for (let round = -1; round < ROUNDS; round++) {
    for (const through of ["engine", "loop"] as const) {
      const contended = await server.contend({ through, inOrder, milliseconds: ROUND });
      // The first round is a warm-up, in which the engine learns what is contended.
      if (round >= 0) seen[through].push(contended);
    }
  }
  await bench.stopAll();
  const of = (through: Contention["through"], figure: (contended: Contended) => number) =>
    median(seen[through].map(figure));
  const p50 = ({ times }: Contended) => percentile(times, 0.5);
  const p99 = ({ times }: Contended) => percentile(times, 0.99);
  for (const through of ["engine", "loop"] as const) {
    const [middle, slowest] = [of(through, p50), of(through, p99)].map(Math.round);
    const lost = of(through, ({ lost, times }) => lost / times.length).toFixed(2);
    bench.note(`${what}, by the ${through}: p50 ${middle} ms, p99 ${slowest} ms, ${lost} lost tries for each`);
  }
  const perSecond = ({ perSecond }: Contended) => perSecond;
  const failed = seen.engine.reduce((sum, { failed }) => sum + failed, 0);
  return [
    row(
      { name: what, value: of("engine", perSecond), baseline: of("loop", perSecond), unit: "/s" },
      ratioAtLeast(atLeast),
    ),
    row(
      { name: `${what}: p99 against p50`, value: of("engine", p99), baseline: of("engine", p50), unit: "ms" },
      ratioAtMost(3),
    ),
    row({ name: `${what}: failed`, value: failed, baseline: 0, unit: "" }, valueExactly(0, "")),
  ];
}
