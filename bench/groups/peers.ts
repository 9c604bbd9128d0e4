import type { Bench, Group } from "../bench.ts";
import { ChannelSide } from "../load/channel-side.ts";
import { Crowd } from "../load/crowd.ts";
import { FanOutSide } from "../load/fan-out-side.ts";
import { installPeers } from "../peers/install.ts";
import { median, type Row, ratioAtLeast, ratioAtMost, row } from "../report/row.ts";
import type { Kind, Server } from "../server-process.ts";
import { within } from "../within.ts";

const ROUNDS = 7;
const ROWS = 10;
const WARM_UP = 8_000;
const MUTATIONS = 300;
const WINDOW = 16;
const MUTATIONS_AT_ONCE = 1_500;
const CLIENTS = 1_000;
const COMMITS = 20;

/** convex-lite beside servers that an application might be built on instead, on SQLite. */
export const peers: Group = async (bench) => {
  installPeers(bench.note);
  return [...(await mutations(bench)), ...(await connects(bench)), ...(await fanOut(bench))];
};

/** A thousand channels with one subscriber each. Every mutation touches one of them. */
async function mutations(bench: Bench): Promise<Row[]> {
  const kinds = ["unlimited", "trpc", "socketIo", "bare"] as const;
  const measured: Record<string, { cpu: number[]; rate: number[] }> = {};
  const sides: [Kind, ChannelSide][] = [];
  for (const kind of kinds) {
    measured[kind] = { cpu: [], rate: [] };
    const options = { channels: 1_000, rows: ROWS, warmUp: WARM_UP };
    sides.push([kind, await ChannelSide.open(bench, kind, bench.databases.sqlite, options)]);
  }
  for (let i = 0; i < ROUNDS; i++) {
    for (const [kind, side] of sides) measured[kind]?.cpu.push(await side.cpuPerMutation(MUTATIONS));
  }
  const senders = new Map<Kind, Awaited<ReturnType<ChannelSide["senders"]>>>();
  for (const [kind, side] of sides) senders.set(kind, await side.senders(WINDOW));
  for (let i = 0; i <= ROUNDS; i++) {
    for (const [kind, side] of sides) {
      const rate = await side.mutationsPerSecond(MUTATIONS_AT_ONCE, senders.get(kind) ?? []);
      if (i > 0) measured[kind]?.rate.push(rate);
    }
  }
  await bench.stopAll();
  const cpuOf = (kind: Kind) => median(measured[kind]?.cpu ?? []);
  const rateOf = (kind: Kind) => median(measured[kind]?.rate ?? []);
  bench.note(`CPU of a mutation: socket.io ${cpuOf("socketIo").toFixed(3)} ms, bare ${cpuOf("bare").toFixed(3)} ms`);
  bench.note(
    `mutations of ${WINDOW} clients: socket.io ${rateOf("socketIo").toFixed(0)} /s, bare ${rateOf("bare").toFixed(0)} /s`,
  );
  return [
    row(
      {
        name: "server CPU per mutation, 1 of 1,000 channels (SQLite, × tRPC)",
        unit: "ms",
        value: cpuOf("unlimited"),
        baseline: cpuOf("trpc"),
      },
      ratioAtMost(1),
    ),
    row(
      {
        name: `mutations of ${WINDOW} clients at once (SQLite, × tRPC)`,
        unit: "/s",
        value: rateOf("unlimited"),
        baseline: rateOf("trpc"),
      },
      ratioAtLeast(1),
    ),
  ];
}

/** A thousand clients connect, and each asks for another channel. */
async function connects(bench: Bench): Promise<Row[]> {
  const kinds = ["live", "bare", "socketIo"] as const;
  const cpu: Record<(typeof kinds)[number], number[]> = { live: [], bare: [], socketIo: [] };
  const servers: Partial<Record<Kind, Server>> = {};
  for (const kind of kinds) {
    const server = await bench.start(kind, bench.databases.sqlite);
    await server.seed({ prefix: "c", channels: CLIENTS, rows: 50 });
    servers[kind] = server;
    for (let i = 0; i < ROUNDS; i++) await arrive(server);
  }
  for (let i = 0; i < ROUNDS; i++) for (const kind of kinds) cpu[kind].push(await arrive(servers[kind] as Server));
  await bench.stopAll();
  bench.note(`CPU of 1,000 connects: socket.io ${median(cpu.socketIo).toFixed(0)} ms`);
  return [
    row(
      {
        name: "1,000 clients connect, 1,000 queries: server CPU (SQLite, × bare)",
        unit: "ms",
        value: median(cpu.live),
        baseline: median(cpu.bare),
      },
      ratioAtMost(2),
    ),
  ];
}

/** @returns milliseconds of processor time until every client had its result. */
async function arrive(server: Server): Promise<number> {
  const crowd = new Crowd(server);
  await server.usage();
  await within(
    60,
    "Connecting",
    crowd.growTo(CLIENTS, (i) => `c${i}`),
  );
  const { cpu } = await server.usage();
  await crowd.leave();
  return cpu / 1_000;
}

/** One commit, and a thousand subscribers of the list that it changed. */
async function fanOut(bench: Bench): Promise<Row[]> {
  const kinds = ["live", "socketIo"] as const;
  const sides = {
    live: await FanOutSide.open(bench, "live", bench.databases.sqlite),
    socketIo: await FanOutSide.open(bench, "socketIo", bench.databases.sqlite),
  };
  const reached: Record<(typeof kinds)[number], number[]> = { live: [], socketIo: [] };
  for (const kind of kinds) {
    await sides[kind].gather(1_000);
    for (let i = 0; i < 3; i++) await sides[kind].round(COMMITS);
  }
  for (let i = 0; i < ROUNDS; i++) {
    for (const kind of kinds) reached[kind].push((await sides[kind].round(COMMITS)).deliveriesPerSecond);
  }
  await bench.stopAll();
  return [
    row(
      {
        name: "fan-out 1 → 1,000: deliveries per server-CPU-second (SQLite, × socket.io)",
        unit: "/s",
        value: median(reached.live),
        baseline: median(reached.socketIo),
      },
      ratioAtLeast(1.15),
    ),
  ];
}
