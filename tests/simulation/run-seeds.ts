/**
 * The simulation by itself: `node tests/simulation/run-seeds.ts <first seed> <count, or seconds as "60s"> ["change" | "hurry"]`.
 * With "change" people sign in and out in the middle; with "hurry" batches go on without most slow queries. Ends with 1 at the first seed that fails. With TRACE=1 it prints
 * every message.
 */
import { runSeeds } from "../fuzz/seeds.ts";
import { simulate } from "./simulate.ts";

const [first = "1", many = "1", who = "stay"] = process.argv.slice(2);
const peopleChange = who === "change";
const isHurried = who === "hurry";
await runSeeds({
  name: isHurried
    ? "simulation of batches in a hurry"
    : peopleChange
      ? "simulation of people who change"
      : "simulation",
  first: Number(first),
  many,
  run: (seed) => simulate(seed, { peopleChange, isHurried, ...(process.env.TRACE && { trace: console.log }) }),
  again: (seed) => `node tests/simulation/run-seeds.ts ${seed} 1 ${who}`,
});
