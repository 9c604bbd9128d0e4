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
  const perSecond = (through: Contention["through"]) => median(seen[through].map(({ perSecond }) => perSecond));
  const sum = (through: Contention["through"], of: (contended: Contended) => number) =>
    seen[through].reduce((sum, contended) => sum + of(contended), 0);
  // Of the calls of all rounds: what happens once in a while is in no round, or in a round too often.
  const p = (through: Contention["through"], share: number) =>
    percentile(
      seen[through].flatMap(({ times }) => times),
      share,
    );
  for (const through of ["engine", "loop"] as const) {
    const lost = sum(through, ({ lost }) => lost) / sum(through, ({ times }) => times.length);
    const [p50, p99] = [p(through, 0.5), p(through, 0.99)].map(Math.round);
    bench.note(`${what}, by the ${through}: p50 ${p50} ms, p99 ${p99} ms, ${lost.toFixed(2)} lost tries for each`);
  }
  const failed = sum("engine", ({ failed }) => failed);
  return [
    row({ name: what, value: perSecond("engine"), baseline: perSecond("loop"), unit: "/s" }, ratioAtLeast(atLeast)),
    row(
      { name: `${what}: p99 against p50`, value: p("engine", 0.99), baseline: p("engine", 0.5), unit: "ms" },
      ratioAtMost(3),
    ),
    row({ name: `${what}: failed`, value: failed, baseline: 0, unit: "" }, valueExactly(0, "")),
  ];
}
