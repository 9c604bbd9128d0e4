/** `pnpm bench [group …] [--json] [--profile <directory>]`: see `bench/README.md`. */
import { cpus, loadavg } from "node:os";
import { parseArgs, styleText } from "node:util";
import { type Group, makeBench } from "./bench.ts";
import { takeCores } from "./cores.ts";
import { findDatabases } from "./databases.ts";
import { bundle } from "./groups/bundle.ts";
import { bytes } from "./groups/bytes.ts";
import { channels } from "./groups/channels.ts";
import { chat } from "./groups/chat.ts";
import { connect } from "./groups/connect.ts";
import { contention } from "./groups/contention.ts";
import { crowd } from "./groups/crowd.ts";
import { databases } from "./groups/databases.ts";
import { dev } from "./groups/dev.ts";
import { fanOut } from "./groups/fan-out.ts";
import { memory } from "./groups/memory.ts";
import { page } from "./groups/page.ts";
import { peers } from "./groups/peers.ts";
import { reconnect } from "./groups/reconnect.ts";
import { tableOf } from "./report/print-table.ts";
import type { Row } from "./report/row.ts";

const groups: Record<string, Group> = {
  "fan-out": fanOut,
  bytes,
  channels,
  connect,
  chat,
  peers,
  reconnect,
  crowd,
  memory,
  page,
  bundle,
  databases,
  contention,
  dev,
};

/** Without a name. The peers are installed when they are asked for. */
const everything = Object.keys(groups).filter((name) => name !== "peers");

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, profile: { type: "string" } },
});
const unknown = positionals.filter((name) => !(name in groups));
if (unknown.length > 0) {
  console.error(`Expected any of ${Object.keys(groups).join(", ")}. Found ${unknown.join(", ")}.`);
  process.exit(1);
}

/** Progress is printed to stderr, so that stdout has the result only. */
const say = (text: string): void => console.error(styleText("dim", text, { stream: process.stderr }));

/** Rejects on errors of sockets, which are thrown in event handlers, so that databases and servers are removed first. */
const broken = new Promise<never>((_, reject) => {
  process.on("uncaughtException", reject);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => reject(new Error("The bench was interrupted.")));
});

async function measure(names: readonly string[]): Promise<Row[]> {
  const cores = takeCores();
  await using found = await findDatabases();
  say(`${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`);
  if (!cores.apart) say("Server and load share their cores: the figures vary more.");
  if (!found.postgres) say("No PostgreSQL can be reached (TEST_POSTGRES_URL): its rows are left out.");
  const bench = makeBench({ databases: found, cores, profiles: options.profile, note: (text) => say(`  ${text}`) });
  const rows: Row[] = [];
  for (const name of names) {
    const began = performance.now();
    say(`${name} …`);
    try {
      rows.push(...(await Promise.race([(groups[name] as Group)(bench), broken])));
    } finally {
      await bench.stopAll();
    }
    say(`  ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  return rows;
}

try {
  const rows = await measure(positionals.length > 0 ? positionals : everything);
  console.log(options.json ? JSON.stringify(rows, null, 2) : tableOf(rows));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
process.exit();
