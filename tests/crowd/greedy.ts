/**
 * The greedy clients of a crowd, in a process of their own: `node tests/crowd/greedy.ts <host> <clients> <seed> <list …>`.
 * They leave when its input ends; then it prints, as JSON, what each behaviour has met.
 */
import { HandClock } from "../../lib/testing/hand-clock.ts";
import { chanceFrom } from "../fuzz/chance.ts";
import { type Behaviour, behaviours } from "./behaviours.ts";
import { GreedyClient } from "./greedy-client.ts";

const [host = "", clients = "1", seed = "1", ...lists] = process.argv.slice(2);
const leaving = new AbortController();
process.stdin.on("end", () => leaving.abort()).resume();

const met: Record<string, Record<string, number>> = {};

async function visitAgainAndAgain(behaviour: Behaviour, number: number): Promise<void> {
  const chance = chanceFrom(new HandClock(Number(seed) * 1_000 + number));
  const client = new GreedyClient(host, lists, chance, leaving.signal);
  while (client.mayGoOn) {
    client.count("visits");
    await behaviour(client).catch(() => client.count("visits that were refused"));
    client.leave();
    await client.pause(50);
  }
  const sum = met[behaviour.name] ?? {};
  met[behaviour.name] = sum;
  for (const [what, times] of Object.entries(client.tally)) sum[what] = (sum[what] ?? 0) + times;
}

const all = Array.from({ length: Number(clients) }, (_, i) =>
  visitAgainAndAgain(behaviours[i % behaviours.length] as Behaviour, i),
);
await Promise.all(all);
console.log(JSON.stringify(met));
process.exit();
