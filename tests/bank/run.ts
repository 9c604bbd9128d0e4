/**
 * The bank by itself: `node tests/bank/run.ts <seed> <seconds as "60s"> [DATABASE_URL of an empty database]`. Without an
 * address: on PGlite. 200 clients; the server is killed every ten seconds or so. Ends with 1 when anything was wrong.
 */
import { loadavg } from "node:os";
import { KINDS } from "./model.ts";
import { runBank } from "./run-bank.ts";

const [seed = "1", time = "60s", url] = process.argv.slice(2);
const seconds = Number.parseFloat(time);
const kills = Math.max(1, Math.floor(seconds / 10));
const options = { seed: Number(seed), seconds, kills, customers: 200, url };
const { faults, ...counts } = await runBank({ ...options, isPatient: false });
const database = url === undefined ? "PGlite" : url.startsWith("file:") ? "SQLite" : "PostgreSQL";
const found = KINDS.map((kind) => `${faults.filter((fault) => fault.kind === kind).length} ${kind}`);
const done = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
const load = loadavg()[0]?.toFixed(1);
console.log(`bank on ${database}: seed ${seed}, ${time}: ${found.join(", ")}; ${done.join(", ")}; load ${load}`);
if (faults.length > 0)
  console.error(
    `Again: node tests/bank/run.ts ${seed} ${time} ${url === undefined ? "" : "<address of an empty database>"}`,
  );
for (const { kind, about } of faults.slice(0, 12)) console.error(`- ${kind}: ${about}`);
process.exit(faults.length === 0 ? 0 : 1);
