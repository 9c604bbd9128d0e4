import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { HandClock } from "../../lib/testing/hand-clock.ts";
import { BrokenLine } from "../faults/broken-line.ts";
import { callOverHttp } from "../faults/call-over-http.ts";
import { ServerProcess } from "../faults/server-process.ts";
import { until } from "../faults/until.ts";
import { type Chance, chanceFrom } from "../fuzz/chance.ts";
import { auditBranch, auditCalls } from "./audit.ts";
import { Customer } from "./customer.ts";
import type { Everything, Fault, Mine } from "./model.ts";
import { Trouble } from "./trouble.ts";

/** Customers of one branch. */
const CUSTOMERS = 20;
/** Every so many customers of the first branch, one watches the slow query. */
const SLOW_EVERY = 5;
/** A line breaks for all of its clients at once: there are several. */
const LINES = 4;
/** Between two acts of a customer: a second or so. Milliseconds. */
const LEAST = 400;
const MOST = 1_600;

export interface Bank {
  seed: number;
  seconds: number;
  customers: number;
  /** How often the server is killed. */
  kills: number;
  /** Of an empty database; without it: PGlite. */
  url?: string | undefined;
  /** Are time limits so long that a slow machine exceeds none? */
  isPatient: boolean;
}

export interface BankResult {
  faults: Fault[];
  acknowledged: number;
  failed: number;
  views: number;
  switches: number;
  kills: number;
  cuts: number;
}

/** A bank whose server is killed and whose lines are cut. Then everything comes to rest and is audited. */
export async function runBank({ seed, seconds, customers: size, kills, url, isPatient }: Bank): Promise<BankResult> {
  const chance = chanceFrom(new HandClock(seed));
  await using server = await ServerProcess.inNewDirectory(url, join(import.meta.dirname, "server.ts"));
  const start = () => server.start(undefined, undefined, { PATIENT: isPatient ? "1" : "0" });
  await start();
  const branches = Array.from({ length: Math.ceil(size / CUSTOMERS) }, (_, i) => `branch${i}`);
  for (const branch of branches) await callOverHttp(server.url, "mutation", "bank:open", { branch });

  const lines = await Promise.all(Array.from({ length: LINES }, () => BrokenLine.to(server.port)));
  const customers = Array.from({ length: size }, (_, i) => {
    const seesSlow = i < CUSTOMERS && i % SLOW_EVERY === 0;
    const branch = branches[Math.floor(i / CUSTOMERS)] ?? "";
    const { url } = lines[i % LINES] as BrokenLine;
    return new Customer({ url, name: `c${i}`, branch, seesSlow, chance: chanceFrom(new HandClock(seed + i)) });
  });
  await until(() => customers.every(({ isOpen }) => isOpen));

  const closing = new AbortController();
  const acting = customers.map((customer) => actUntil(closing.signal, customer, chance));
  const trouble = new Trouble(server, lines, chance, start);
  await trouble.make(seconds, kills);
  closing.abort();
  await Promise.all(acting);

  const why = () => `${customers.filter(({ hasPending }) => hasPending).length} wait. ${server.output.slice(-500)}`;
  await until(() => customers.every(({ hasPending, isOpen }) => !hasPending && isOpen), why);
  const faults = await audit(server.url, customers, branches);
  for (const customer of customers) await customer.close();
  for (const line of lines) await line[Symbol.asyncDispose]();
  return { faults, ...countsOf(customers), kills: trouble.kills, cuts: trouble.cuts };
}

function countsOf(customers: readonly Customer[]): Omit<BankResult, "faults" | "kills" | "cuts"> {
  const sum = (of: (customer: Customer) => number) => customers.reduce((total, customer) => total + of(customer), 0);
  const outcomes = customers.flatMap(({ calls }) => calls.map(({ outcome }) => outcome));
  const acknowledged = outcomes.filter((outcome) => outcome && "version" in outcome).length;
  return {
    acknowledged,
    failed: outcomes.length - acknowledged,
    views: sum(({ views }) => views),
    switches: sum(({ switches }) => switches),
  };
}

async function actUntil(signal: AbortSignal, customer: Customer, chance: Chance): Promise<void> {
  while (!signal.aborted) {
    await setTimeout(LEAST + chance.pick(MOST - LEAST), undefined, { signal }).catch(() => {});
    if (!signal.aborted) customer.act();
  }
}

/** What the customers have found, and what the database says of their calls and of what they show now. */
async function audit(url: string, customers: readonly Customer[], branches: readonly string[]): Promise<Fault[]> {
  const faults = customers.flatMap((customer) => customer.faults);
  for (const branch of branches) {
    const all = await callOverHttp<Everything>(url, "query", "bank:everything", { branch });
    faults.push(...auditBranch(branch, all));
    for (const customer of customers.filter((one) => one.branch === branch)) {
      faults.push(...auditCalls(customer.calls, all));
      const headers = { "x-caller": customer.caller };
      const mine = await callOverHttp<Mine>(url, "query", "bank:mine", { branch }, headers);
      // Its last identity, and what others wrote last, may be on their way.
      const shown = until(() => customer.shows(all, mine));
      await shown.catch(() => faults.push({ kind: "stale", about: `${customer.name} at rest` }));
    }
  }
  return faults;
}
