import { join } from "node:path";
import type { Bench, Group } from "../bench.ts";
import type { Database } from "../databases.ts";
import { Crowd } from "../load/crowd.ts";
import { PageReader } from "../load/page-reader.ts";
import { liveSpeech } from "../load/speech.ts";
import { buildPages } from "../page-project.ts";
import { median, type Row, ratioAtLeast, row, valueExactly } from "../report/row.ts";

/** Many short rounds: pages per second depend on the clock, and other load on the machine comes and goes in seconds. */
const ROUNDS = 20;
const SECONDS = 0.5;
const WARM_UP_SECONDS = 4;
const ROWS = 50;
/** More than the limit of preloaded answers (1,000), so that the answer of a channel is gone when its turn comes again. */
const CHANNELS = 1_200;

/** One page in three ways: `preloadQuery`, `preloadQuery` of a query that has a subscriber, a direct read with Drizzle. */
export const page: Group = async (bench) => {
  await using project = await buildPages();
  const rows: Row[] = [];
  for (const database of bench.everyDatabase) rows.push(...(await onDatabase(bench, database, project.directory)));
  return rows;
};

const ways = ["direct", "preloaded", "live"] as const;
type Way = (typeof ways)[number];

interface Round {
  perSecond: number;
  statements: number;
}

async function onDatabase(bench: Bench, database: Database, directory: string): Promise<Row[]> {
  const program = join(directory, "bench/server/page.ts");
  const server = await bench.startProgram({ program, directory, name: "page", speech: liveSpeech }, database);
  await server.seed({ prefix: "c", channels: CHANNELS, rows: ROWS });
  await server.seed({ prefix: "watched", channels: 1, rows: ROWS });
  const crowd = new Crowd(server);
  await crowd.growTo(1, () => "watched0");

  const reader = new PageReader(server.port);
  const turns = { direct: 0, preloaded: 0 };
  const paths: Record<Way, () => string> = {
    direct: () => `/direct/c${turns.direct++ % CHANNELS}`,
    preloaded: () => `/preloaded/c${turns.preloaded++ % CHANNELS}`,
    live: () => "/preloaded/watched0",
  };
  const read = async (way: Way, seconds: number): Promise<Round> => {
    await server.usage();
    const { pages, perSecond } = await reader.read(seconds, paths[way], { text: "<li>", times: ROWS });
    const { statements } = await server.usage();
    if (way === "preloaded" && statements < pages)
      throw new Error("Expected every page to run its query. A page used a preloaded answer.");
    return { perSecond, statements: statements / pages };
  };

  const rounds: Record<Way, Round[]> = { direct: [], preloaded: [], live: [] };
  for (const way of ways) await read(way, WARM_UP_SECONDS);
  for (let i = 0; i < ROUNDS; i++) for (const way of ways) rounds[way].push(await read(way, SECONDS));
  reader.close();
  await crowd.leave();
  await bench.stopAll();

  const compare = (way: Way, figure: keyof Round) => ({
    value: median(rounds[way].map((round) => round[figure])),
    baseline: median(rounds.direct.map((round) => round[figure])),
  });
  const named = (what: string) => `page with preloadQuery${what} (${database.name})`;
  return [
    row({ name: named(""), unit: "pages/s", ...compare("preloaded", "perSecond") }, ratioAtLeast(0.9)),
    row({ name: named(", query live"), unit: "pages/s", ...compare("live", "perSecond") }, ratioAtLeast(1)),
    row(
      { name: named(", query live: statements per page"), unit: "", ...compare("live", "statements") },
      valueExactly(0, ""),
    ),
  ];
}
