import type { BrowserTab } from "../../lib/client/connection/browser-tab.ts";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import { createEngine, type Engine } from "../../lib/engine/engine.ts";
import { randomMutation, randomQueries } from "../fuzz/chance.ts";
import { checkAtRest, checkClient, History } from "../fuzz/check-history.ts";
import { ObservedClient } from "../fuzz/observed-client.ts";
import { functions, stateOf } from "./functions.ts";
import { MemoryDatabase } from "./memory-database.ts";
import { type DatabaseFaults, MemoryDriver } from "./memory-driver.ts";
import { LONGEST_STALL, Network, type NetworkFaults } from "./network.ts";
import { chanceOf, type Owner, promisesRest, SimulationClock } from "./simulation-clock.ts";

const page: BrowserTab = { isVisible: () => true, watchNetwork: () => () => {}, askBeforeLeaving: () => () => {} };
/** The caller without an identity, as the queries name it. */
const ANONYMOUS = "anonymous";
const NO_DATABASE_FAULTS: DatabaseFaults = { lost: 0, lostAtCommit: 0, conflict: 0, slow: 0, verySlow: 0 };
/** After the last fault: everything a client waits for (its backoff, a dead socket, a commit in doubt) ends within. */
const TO_REST = 180_000;
/** A slow statement takes longer. */
const HURRIED_BATCH_MS = 12;

interface Server {
  owner: Owner;
  driver: MemoryDriver;
  engine: Engine;
}

export interface Simulated {
  seed: number;
  /** What was wrong, in words. */
  faults: string[];
  commits: number;
  observations: number;
  crashes: number;
  connections: number;
  /** How often a client's identity was drawn anew: perhaps unnoticed, perhaps the same. */
  identityChanges: number;
  /** The last lines that were logged. */
  log: string[];
}

export interface Schedule {
  /** Do people sign in and out in the middle? Drawn from a generator of its own: no other choice of a seed changes. */
  peopleChange?: boolean;
  /** Do batches wait so short a time for their queries that many go on without some? */
  isHurried?: boolean;
  trace?: (line: string) => void;
}

/**
 * One schedule: a few clients, a server that may die at any step, a database and a network that fail at random, all under
 * one clock, all from one seed. Faults end; then everything must come to rest, and be right.
 */
export async function simulate(seed: number, schedule: Schedule = {}): Promise<Simulated> {
  const world = new SimulatedWorld(seed, schedule);
  try {
    await world.run();
  } catch (error) {
    world.faults.push(`It threw: ${error instanceof Error ? error.stack : error}`);
  }
  return world.result();
}

class SimulatedWorld {
  readonly faults: string[] = [];
  readonly #seed: number;
  readonly #clock: SimulationClock;
  readonly #database = new MemoryDatabase();
  readonly #history = new History();
  readonly #clients: { observed: ObservedClient; network: Network }[] = [];
  readonly #connections: number;
  #databaseFaults: DatabaseFaults;
  #server: Server;
  #lastUid = 0;
  #crashes = 0;
  #identityChanges = 0;

  /** Draws the changes of identity. Undefined where no identity changes. */
  readonly #changes: (() => number) | undefined;
  readonly #trace: ((line: string) => void) | undefined;
  readonly #limits: { batchMs?: number };

  constructor(seed: number, { peopleChange, isHurried, trace }: Schedule) {
    this.#seed = seed;
    this.#trace = trace;
    this.#limits = isHurried ? { batchMs: HURRIED_BATCH_MS } : {};
    if (peopleChange) this.#changes = chanceOf(seed + 1_000_000_007);
    this.#clock = new SimulationClock(seed);
    const { oneOf } = this.#bound();
    this.#connections = oneOf([10, 10, 1]);
    this.#databaseFaults = {
      lost: oneOf([0, 0, 0.005, 0.02]),
      lostAtCommit: oneOf([0, 0, 0.1, 0.3]),
      conflict: oneOf([0, 0, 0.1, 0.4]),
      slow: oneOf([0, 0.1, 0.4]),
      verySlow: oneOf([0, 0, 0.02]),
    };
    this.#database.onCommit = (rows, changed) => {
      if (!changed.some((key) => !key.startsWith("client/"))) return;
      this.#history.add(stateOf(rows));
      this.#tell(`state ${this.#history.states.length - 1}: ${changed.join()}`);
    };
    this.#history.add(stateOf(this.#database.rows));
    this.#server = this.#startServer();
  }

  async run(): Promise<void> {
    const clock = this.#clock;
    const clients = 1 + clock.pick(3);
    for (let i = 0; i < clients; i++) this.#connect(i);
    const actions = 10 + clock.pick(20);
    const crashes = clock.oneOf([0, 0, 0.02, 0.1]);
    for (let done = 0; done < actions; done++) {
      this.#act();
      this.#perhapsChangeIdentity();
      // Somewhere between two steps of what is under way.
      await this.#goOn(clock.pick(12));
      if (clock.chance() < crashes) this.#crash();
    }
    this.#heal();
    await this.#rest();
    if (this.#changes) await this.#allClientsCanCall();
    this.#check();
    for (const { observed } of this.#clients) await observed.client.close();
    this.#server.owner.isAlive = false;
  }

  result(): Simulated {
    return {
      seed: this.#seed,
      faults: this.faults,
      commits: this.#history.states.length - 1,
      observations: this.#clients.reduce((sum, { observed }) => sum + observed.observations.length, 0),
      crashes: this.#crashes,
      connections: this.#clients.reduce((sum, { network }) => sum + network.connections.length, 0),
      identityChanges: this.#identityChanges,
      log: this.#clock.lines.slice(-20),
    };
  }

  #tell(line: string): void {
    this.#trace?.(`${this.#clock.steps} @${this.#clock.now % 1_000_000} ${line}`);
  }

  #bound() {
    return { oneOf: <T>(choices: readonly T[]): T => this.#clock.oneOf(choices) };
  }

  #startServer(): Server {
    const owner: Owner = { isAlive: true };
    const driver = new MemoryDriver(this.#database, this.#clock, owner, this.#databaseFaults, this.#connections);
    const environment = this.#clock.environment(owner);
    const engine = createEngine({ driver, environment, development: false, limits: this.#limits });
    // biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React
    engine.useFunctions(functions, {});
    return { owner, driver, engine };
  }

  #connect(index: number): void {
    const clock = this.#clock;
    const who = clock.oneOf(["ann", "ben"]);
    const faults: NetworkFaults = {
      latency: clock.oneOf([0, 3, 50]),
      cut: clock.oneOf([0, 0, 0.02, 0.1]),
      stall: clock.oneOf([0, 0, 0, 0.01]),
    };
    const network = new Network(clock, faults, who, (socket, caller) =>
      this.#server.engine.opened(socket, caller === ANONYMOUS ? null : { subject: caller }),
    );
    const client = new ConvexClient("http://simulated", {
      environment: clock.environment(),
      page,
      webSocketConstructor: network.webSocketConstructor,
    });
    const observed = new ObservedClient(client, `client ${index} (${who})`, who, () => clock.steps);
    network.trace = (line) => this.#tell(`${observed.name} ${line}`);
    network.onConnected = (caller, tell) => {
      const isAnother = caller !== observed.who;
      observed.learns(caller);
      tell();
      if (isAnother) observed.look();
    };
    this.#clients.push({ observed, network });
    observed.watch(randomQueries(clock));
  }

  /** One random action: a client calls, watches, unwatches or asks for its identity, or its connection breaks. */
  #act(): void {
    const clock = this.#clock;
    const { observed, network } = clock.oneOf(this.#clients);
    const what = clock.pick(20);
    if (what < 12) observed.call(randomMutation(clock, ++this.#lastUid), clock.chance() < 0.6);
    else if (what < 15) observed.watch(randomQueries(clock));
    else if (what < 17 && observed.groups > 1) observed.unwatch(clock.pick(observed.groups));
    else if (what < 18) observed.client.refreshIdentity();
    else network.cut();
  }

  /** A person signs in or out: the page is told and connects again, or only the next socket finds out. */
  #perhapsChangeIdentity(): void {
    const chance = this.#changes;
    if (!chance || chance() >= 0.2) return;
    const oneOf = <T>(choices: readonly T[]): T => choices[Math.floor(chance() * choices.length)] as T;
    const { observed, network } = oneOf(this.#clients);
    network.who = oneOf(["ann", "ben", ANONYMOUS]);
    this.#identityChanges++;
    const how = oneOf(["told", "told", "cut", "unnoticed"]);
    this.#tell(`${observed.name} becomes ${network.who}: ${how}`);
    if (how === "told") observed.client.refreshIdentity();
    if (how === "cut") network.cut();
  }

  /** Under any identity that a client has in the end, a mutation that it calls is done. */
  async #allClientsCanCall(): Promise<void> {
    const calls = this.#clients.map(({ observed }) => ({ observed, uid: ++this.#lastUid }));
    for (const { observed, uid } of calls) observed.call({ uid, ops: [], fails: false }, false);
    await this.#rest();
    for (const { observed, uid } of calls) {
      const isDone = observed.observations.some((one) => one.what === "resolved" && one.uid === uid);
      if (!isDone) this.faults.push(`${observed.name}: a mutation in the end was not done, as ${observed.who}`);
    }
  }

  /** Runs so many timers, and the promises that follow from them. */
  async #goOn(steps: number): Promise<void> {
    await promisesRest();
    for (let i = 0; i < steps && this.#clock.step(Number.POSITIVE_INFINITY); i++) await promisesRest();
  }

  /** Ends the server between two steps, as a killed process ends: it closes and sends nothing more. */
  #crash(): void {
    this.#tell("the server dies");
    this.#crashes++;
    this.#server.owner.isAlive = false;
    // The new server starts only when the database has decided the old one's commits.
    this.#database.decideAll();
    for (const { network } of this.#clients) network.cut();
    this.#server = this.#startServer();
  }

  #heal(): void {
    Object.assign(this.#databaseFaults, NO_DATABASE_FAULTS);
    for (const { network } of this.#clients) Object.assign(network.faults, { cut: 0, stall: 0 });
  }

  async #rest(): Promise<void> {
    const until = this.#clock.now + TO_REST;
    await promisesRest();
    while (this.#clock.step(until)) {
      await promisesRest();
      if (this.#isAtRest) break;
    }
    // Messages on their way arrive.
    const soon = this.#clock.now + LONGEST_STALL + 5_000;
    while (this.#clock.step(soon)) await promisesRest();
  }

  get #isAtRest(): boolean {
    return this.#clients.every(
      ({ observed }) =>
        observed.open === 0 &&
        observed.client.connectionState().state === "open" &&
        observed.shown().every(({ result }) => !result.isLoading),
    );
  }

  #check(): void {
    for (const { observed, network } of this.#clients) {
      if (observed.open > 0) this.faults.push(`${observed.name}: ${observed.open} calls never ended`);
      const { state } = observed.client.connectionState();
      if (state !== "open") this.faults.push(`${observed.name} is ${state}, ${TO_REST} ms after the last fault`);
      this.faults.push(...checkClient(observed, this.#history), ...checkAtRest(observed, this.#history));
      this.faults.push(...network.broken);
    }
  }
}
