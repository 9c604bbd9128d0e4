import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { HandClock } from "../../lib/testing/hand-clock.ts";
import { callOverHttp } from "../faults/call-over-http.ts";
import { ServerProcess } from "../faults/server-process.ts";
import { until } from "../faults/until.ts";
import { chanceFrom } from "../fuzz/chance.ts";
import { GreedyProcess, type Met } from "./greedy-process.ts";
import { MemoryWatch, memoryAtRest } from "./memory-of.ts";
import { type Entry, OrdinaryClient } from "./ordinary-client.ts";

/** The server may take so much memory at most, and so much more if PGlite runs in it: MiB. */
const MOST_MEMORY = 1_024;
const EMBEDDED = 256;
/** As on a machine that has not much more: by default Node takes some gigabytes for its heap, and glibc gives little back. */
const HEAP = 512;
const SPARING = { MALLOC_ARENA_MAX: "1" };
/** Ordinary clients of one list. */
const READERS = 5;

export interface Siege {
  seed: number;
  seconds: number;
  ordinary: number;
  greedy: number;
  /** Of the database; without it: PGlite. */
  url?: string | undefined;
  /** Are time limits so long that a slow machine exceeds none? Otherwise they have their defaults. */
  isPatient: boolean;
}

export interface Besieged {
  /** What was wrong, in words. */
  faults: string[];
  acknowledged: number;
  /** Of the ordinary clients' mutations, in milliseconds. */
  p50: number;
  p99: number;
  /** The most memory that the server has had, in MiB. Undefined where it cannot be read. */
  memory: number | undefined;
  met: Met;
}

/** One server, ordinary clients, and greedy ones beside them for so long. Then everything comes to rest and is compared. */
export async function besiege({ seed, seconds, ordinary, greedy, url, isPatient }: Siege): Promise<Besieged> {
  await using server = await ServerProcess.inNewDirectory(url, join(import.meta.dirname, "server.ts"));
  await server.start(undefined, HEAP, { ...SPARING, PATIENT: isPatient ? "1" : "0" });
  const lists = Array.from({ length: Math.ceil(ordinary / READERS) }, (_, i) => `list${i}`);
  const clients = Array.from(
    { length: ordinary },
    (_, i) =>
      new OrdinaryClient(server.url, `client${i}`, lists[i % lists.length] ?? "", chanceFrom(new HandClock(seed + i))),
  );
  await until(() => clients.every(({ isReady }) => isReady));

  await memoryAtRest(server.pid);
  using memory = new MemoryWatch(server.pid);
  const crowd = new GreedyProcess(server.host, greedy, seed, lists);
  for (const client of clients) client.begin();
  await setTimeout(seconds * 1_000);
  const met = await crowd.leave();
  if (server.hasEnded) throw new Error(`The server has ended: ${server.output.slice(-2_000)}`);
  for (const client of clients) await client.rest();
  const { most } = memory;

  const faults = await compare(server.url, clients, lists);
  const allowed = MOST_MEMORY + (url === undefined ? EMBEDDED : 0);
  if (most !== undefined && most >= allowed) faults.push(`the server took ${most.toFixed(0)} MiB`);
  const latencies = clients.flatMap((client) => client.latencies).sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.floor(latencies.length * part)] ?? Number.NaN;
  for (const client of clients) await client.close();
  return { faults, acknowledged: latencies.length, p50: at(0.5), p99: at(0.99), memory: most, met };
}

/** Nothing is lost or doubled, no ordinary client was closed or refused, and each shows what the database holds. */
async function compare(url: string, clients: readonly OrdinaryClient[], lists: readonly string[]): Promise<string[]> {
  const faults: string[] = [];
  const times = new Map<string, number>();
  for (const uid of await callOverHttp<string[]>(url, "query", "entries:uids", {}))
    times.set(uid, (times.get(uid) ?? 0) + 1);
  const fresh = new Map<string, Entry[]>();
  for (const list of lists) fresh.set(list, await callOverHttp<Entry[]>(url, "query", "entries:latest", { list }));
  for (const { name, list, acknowledged, refused, losses, shown } of clients) {
    for (const uid of acknowledged) {
      if (times.get(uid) !== 1) faults.push(`${uid} was acknowledged, and is stored ${times.get(uid) ?? 0} times`);
    }
    for (const why of refused) faults.push(`refused: ${why}`);
    if (losses > 0) faults.push(`${name} lost its connection ${losses} times`);
    if (!isDeepStrictEqual(shown, fresh.get(list))) {
      faults.push(`${name} shows ${shown?.[0]?.uid} first, the database says ${fresh.get(list)?.[0]?.uid}`);
    }
  }
  return faults;
}
