import { isDeepStrictEqual } from "node:util";
import type { Driver } from "../../lib/database/driver/driver.ts";
import { inTransaction } from "../../lib/database/internal/database-lock.ts";
import { internalSql } from "../../lib/database/internal/internal-sql.ts";
import { createEngine } from "../../lib/engine/engine.ts";
import type { WireError } from "../../lib/protocol/outcome.ts";
import { HandClock } from "../../lib/testing/hand-clock.ts";
import { World } from "../../lib/testing/world.ts";
import { fromWire } from "../../lib/values/wire.ts";
import { keptOpen } from "../support/kept-open.ts";
import { patientLimits } from "../support/patience.ts";
import { type Chance, chanceFrom, randomMutation, randomQueries } from "./chance.ts";
import { checkAtRest, checkClient, History } from "./check-history.ts";
import { functionsFor } from "./functions.ts";
import { evaluate, type Item, LISTS, QUERIES, type State } from "./model.ts";
import { ObservedClient } from "./observed-client.ts";
import { schemas } from "./schema.ts";

const CLIENTS = 3;
const BARRIERS = 4;

export interface Fuzzed {
  seed: number;
  faults: string[];
  barriers: number;
  commits: number;
  /** States that clients were told of. */
  views: number;
}

/**
 * One seed: clients of a real engine on a real database watch, stop watching, mutate, lose their connections; the server
 * is restarted. At each barrier everything comes to rest, and what every client showed since is compared with the states
 * the database was in, and what it shows now with a fresh run of every query.
 * @param driver Its tables are those of its dialect in `schemas`; what is in them is lost.
 */
export async function fuzz(seed: number, driver: Driver): Promise<Fuzzed> {
  await empty(driver);
  const run = new FuzzRun(seed, driver);
  try {
    await run.run();
  } finally {
    await run.end();
  }
  return run.result;
}

class FuzzRun {
  readonly result: Fuzzed;
  readonly #driver: Driver;
  readonly #chance: Chance;
  readonly #world: World;
  readonly #clients: ObservedClient[] = [];
  readonly #history = new History();
  readonly #log = new Map<number, number>();
  #step = 0;
  #uid = 0;

  constructor(seed: number, driver: Driver) {
    this.result = { seed, faults: [], barriers: 0, commits: 0, views: 0 };
    this.#driver = driver;
    this.#chance = chanceFrom(new HandClock(seed));
    this.#world = new World(
      { functions: functionsFor(driver.dialect), schema: schemas[driver.dialect], seed, limits: patientLimits },
      keptOpen(driver),
    );
    this.#history.add({ items: [], privateLists: new Set(), log: new Map() });
    for (let i = 0; i < CLIENTS; i++) this.#connect(i);
  }

  async run(): Promise<void> {
    const chance = this.#chance;
    for (let barrier = 0; barrier < BARRIERS; barrier++) {
      for (let actions = 5 + chance.pick(15); actions > 0; actions--) {
        this.#step++;
        await this.#act();
        for (let turns = chance.pick(4); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      }
      await this.#barrier();
      if (this.result.faults.length > 0) return;
    }
  }

  async end(): Promise<void> {
    await this.#withTime(Promise.resolve(this.#world[Symbol.asyncDispose]()));
  }

  #connect(index: number): void {
    const who = this.#chance.oneOf(["ann", "ben"]);
    const client = new ObservedClient(this.#world.connect(who), `client ${index} (${who})`, who, () => this.#step);
    this.#clients.push(client);
    client.watch(randomQueries(this.#chance));
  }

  async #act(): Promise<void> {
    const chance = this.#chance;
    const client = chance.oneOf(this.#clients);
    const what = chance.pick(40);
    if (what < 24) client.call(randomMutation(chance, ++this.#uid), chance.chance() < 0.6);
    else if (what < 30) client.watch(randomQueries(chance));
    else if (what < 34 && client.groups > 1) client.unwatch(chance.pick(client.groups));
    else if (what < 36) client.client.refreshIdentity();
    else if (what < 37) this.#world.cut();
    else if (what < 38) this.#world.clock.advance(chance.oneOf([10, 300]));
    // Through `World.advance`, which lets running functions end first: 6 s would exceed their time limits.
    else if (what < 39) await this.#withTime(this.#world.advance(6_000));
    else if (chance.chance() < 0.3) await this.#restart();
  }

  /** Moves the clock in small steps until this is done: a transaction that lost a conflict pauses before its next try. */
  async #withTime(work: Promise<void>): Promise<void> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 5))]);
      if (!isDone) this.#world.clock.advance(10);
    }
    await done;
  }

  /** Only at rest: transactions of the old server would go on, as this process does not die with it. */
  async #restart(): Promise<void> {
    await this.#withTime(this.#world.settled());
    await this.#withTime(this.#world.restart());
  }

  /** Lets all clients come back and everything come to rest; then nothing may be wrong. */
  async #barrier(): Promise<void> {
    const isAtRest = () =>
      this.#clients.every(({ open, client }) => open === 0 && client.connectionState().state === "open");
    for (let tries = 0; tries < 40; tries++) {
      await this.#withTime(this.#world.settled());
      if (isAtRest()) break;
      this.#world.clock.advance(1_000);
    }
    await this.#readJournal();
    const { faults } = this.result;
    if (!isAtRest()) faults.push("Not all clients came to rest.");
    for (const client of this.#clients) {
      faults.push(...checkClient(client, this.#history), ...checkAtRest(client, this.#history));
    }
    faults.push(...(await this.#checkModel()));
    for (const line of this.#world.clock.lines) {
      const { error } = line.about ?? {};
      if (line.level === "error") faults.push(`logged: ${line.message} ${error instanceof Error ? error.stack : ""}`);
    }
    this.result.barriers++;
    this.result.commits = this.#history.states.length - 1;
    this.result.views = this.#clients.reduce(
      (sum, { observations }) => sum + observations.filter(({ what }) => what === "view").length,
      0,
    );
  }

  async #readJournal(): Promise<void> {
    const from = this.#history.states.length;
    const rows = await inTransaction(this.#driver, "read", (connection) =>
      connection.execute("select uid, state from journal where version >= $1 order by version", [from]),
    );
    for (const { uid, state } of rows) {
      const number = Number(uid);
      this.#log.set(number, (this.#log.get(number) ?? 0) + 1);
      this.#history.add(parseState(String(state), new Map(this.#log)));
    }
  }

  /** Runs every query in a new engine. The model must give the same answers, or the model itself is wrong. */
  async #checkModel(): Promise<string[]> {
    const engine = createEngine({ driver: this.#driver, environment: new HandClock(), development: true });
    // biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React
    engine.useFunctions(functionsFor(this.#driver.dialect), schemas[this.#driver.dialect]);
    const faults: string[] = [];
    for (const { path, args } of QUERIES) {
      const fresh = await engine.call({ kind: "query", path, args, caller: { subject: "ann" } });
      const answer = fresh.ok ? { data: fromWire(fresh.value) } : { error: dataOf(fresh.error) };
      const expected = evaluate({ path, args }, this.#history.last, "ann");
      if (!isDeepStrictEqual(answer, expected)) {
        faults.push(`${path}: the database says ${JSON.stringify(answer)}, the model ${JSON.stringify(expected)}`);
      }
    }
    await engine.close();
    return faults;
  }
}

function dataOf(error: WireError): unknown {
  return error.kind === "application" ? fromWire(error.data) : error;
}

function parseState(text: string, log: State["log"]): State {
  const { items, lists } = JSON.parse(text) as { items: Item[]; lists: { id: string; isPrivate: boolean }[] };
  return { items, privateLists: new Set(lists.filter(({ isPrivate }) => isPrivate).map(({ id }) => id)), log };
}

async function empty(driver: Driver): Promise<void> {
  const lists = LISTS.map((list) => `('${list}', false)`).join();
  await inTransaction(driver, "write", async (connection) => {
    const { own } = internalSql[driver.dialect];
    for (const table of ["items", "lists", "journal", "counter", own("sessions")]) {
      await connection.change(`delete from ${table}`);
    }
    await connection.execute(`insert into lists (id, is_private) values ${lists}`);
    await connection.execute("insert into counter (id, version) values (1, 0)");
  });
}
