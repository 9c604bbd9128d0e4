import type { Bench, Group } from "../bench.ts";
import { Crowd } from "../load/crowd.ts";
import { median, ratioAtMost, row } from "../report/row.ts";
import type { Kind } from "../server-process.ts";
import { within } from "../within.ts";

const ROUNDS = 3;
const FEW = 1_000;
const MANY = 5_000;

/**
 * The memory of a socket that watches one query and receives nothing: the difference between two numbers of sockets, so that
 * the memory of the process itself does not count.
 */
export const memory: Group = async (bench) => {
  const slopes: Record<"live" | "raw", number[]> = { live: [], raw: [] };
  for (let i = 0; i < ROUNDS; i++) {
    for (const kind of ["live", "raw"] as const) slopes[kind].push(await slopeOf(bench, kind));
  }
  const value = median(slopes.live) / 1024;
  const baseline = median(slopes.raw) / 1024;
  return [row({ name: "idle memory per connection, 1,000 → 5,000", unit: "KiB", value, baseline }, ratioAtMost(2))];
};

/** Each measurement uses a new process, because a process keeps memory of earlier sockets. */
async function slopeOf(bench: Bench, kind: Kind): Promise<number> {
  const server = await bench.start(kind, bench.databases.embedded);
  const crowd = new Crowd(server);
  const restingAt = async (size: number): Promise<number> => {
    await within(
      60,
      "Connecting",
      crowd.growTo(size, () => "quiet"),
    );
    return server.memory();
  };
  const few = await restingAt(FEW);
  const many = await restingAt(MANY);
  await server.stop();
  return (many - few) / (MANY - FEW);
}
