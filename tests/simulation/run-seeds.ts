/**
 * The simulation by itself: `node tests/simulation/run-seeds.ts <first seed> <count, or seconds as "60s">`. Ends with 1 at
 * the first seed that fails. With TRACE=1 it tells everything that is said.
 */
import { runSeeds } from "../fuzz/seeds.ts";
import { simulate } from "./simulate.ts";

const [first = "1", many = "1"] = process.argv.slice(2);
await runSeeds({
  name: "simulation",
  first: Number(first),
  many,
  run: (seed) => simulate(seed, process.env.TRACE ? console.log : undefined),
  again: (seed) => `node tests/simulation/run-seeds.ts ${seed}`,
});
