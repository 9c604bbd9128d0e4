/**
 * The hostile crowd by itself: `node tests/crowd/run.ts <seed> <seconds as "60s"> [address of an empty PostgreSQL database]`. Fifty greedy
 * clients beside fifty ordinary ones. Ends with 1 when anything was wrong.
 */
import { loadavg } from "node:os";
import { besiege } from "./besiege.ts";

const [seed = "1", time = "60s", url] = process.argv.slice(2);
const { faults, acknowledged, p50, p99, memory, met } = await besiege({
  ...{ seed: Number(seed), seconds: Number.parseFloat(time), ordinary: 50, greedy: 50, url, isPatient: false },
});
const name = `hostile crowd on ${url === undefined ? "PGlite" : "PostgreSQL"}`;
if (process.env.TRACE) for (const [behaviour, counts] of Object.entries(met)) console.log(behaviour, counts);
console.log(
  `${name}: seed ${seed}, ${time}: ${faults.length === 0 ? "no fault" : `${faults.length} faults`}; ` +
    `${acknowledged} mutations of ordinary clients, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ` +
    `the server took ${memory?.toFixed(0) ?? "unknown"} MiB at most, load ${loadavg()[0]?.toFixed(1)}`,
);
if (faults.length > 0)
  console.error(
    `Again: node tests/crowd/run.ts ${seed} ${time} ${url === undefined ? "" : "<address of an empty database>"}`,
  );
for (const fault of faults.slice(0, 12)) console.error(`- ${fault}`);
process.exit(faults.length === 0 ? 0 : 1);
