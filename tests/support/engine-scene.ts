import type { Driver } from "../../lib/database/driver/driver.ts";
import { createEngine, type Engine } from "../../lib/engine/engine.ts";
import type { EngineLimits } from "../../lib/engine/run/limits.ts";
import type { FunctionModules } from "../../lib/engine/run/registry.ts";
import type { Outcome } from "../../lib/protocol/outcome.ts";
import { HandClock } from "../../lib/testing/hand-clock.ts";
import { Nowhere } from "./databases/nowhere.ts";
import { patiently, pausesPass, turn } from "./pauses.ts";
import { WireClient } from "./wire-client.ts";

/** A query to watch: its path, and its arguments if it has any. */
export type Watched = string | readonly [path: string, args: object];

export interface SceneOptions<Database extends Driver> {
  /**
   * The database. The scene does not close it.
   * @default one that holds nothing
   */
  driver?: Database;
  /** @default no table */
  schema?: Record<string, unknown>;
  /** @default false: production */
  development?: boolean;
  limits?: Partial<EngineLimits>;
  /** For a database that needs it, too. @default one of its own */
  clock?: HandClock;
}

/** An engine that serves these functions, clients that speak to it over the wire, and a clock moved by hand. */
export class EngineScene<Database extends Driver = Nowhere> implements AsyncDisposable {
  readonly clock: HandClock;
  readonly driver: Database;
  readonly #functions: FunctionModules;
  readonly #options: SceneOptions<Database>;
  #engine: Engine;
  #clients = 0;

  constructor(functions: FunctionModules, options: SceneOptions<Database> = {}) {
    this.clock = options.clock ?? new HandClock();
    this.driver = options.driver ?? (new Nowhere() as Driver as Database);
    this.#functions = functions;
    this.#options = options;
    this.#engine = this.startEngine();
  }

  /** The engine of the running server. `restart` replaces it. */
  get engine(): Engine {
    return this.#engine;
  }

  /** Starts one more server on the database. The caller closes it. */
  startEngine({ development = false, limits = {}, schema = {} } = this.#options): Engine {
    const engine = createEngine({ driver: this.driver, environment: this.clock, development, limits });
    // biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React
    engine.useFunctions(this.#functions, schema);
    return engine;
  }

  /** Replaces the server by a new one on the same database. */
  async restart(options: Pick<SceneOptions<Database>, "development" | "limits"> = {}): Promise<void> {
    await this.#engine.close();
    this.#engine = this.startEngine({ ...this.#options, ...options });
  }

  /** A new client, connected under a client id of its own. Without a subject it is anonymous. */
  readonly client = (subject?: string): WireClient =>
    this.socket(subject).connect(String(++this.#clients).padStart(32, "0"));

  /** A client that has come back: one more connection under its client id. */
  readonly again = (
    client: WireClient,
    more: { subject?: string | undefined; undecided?: number[] } = {},
  ): WireClient => {
    const { subject, ...told } = more;
    return this.socket(subject).connect(client.clientId, told);
  };

  /** A socket that has said nothing yet. @param address Of its machine. Default: none that can be trusted. */
  readonly socket = (subject?: string, address?: string): WireClient =>
    new WireClient(this.#engine, subject === undefined ? null : { subject }, address);

  /** A new client that has subscribed to these queries as 1, 2 … in one message. */
  readonly asking = (...queries: Watched[]): WireClient => {
    const client = this.client();
    client.say({
      type: "Subscribe",
      queries: queries.map((query, i) => {
        const [path, args] = typeof query === "string" ? [query, {}] : query;
        return { query: i + 1, path, args: args as Record<string, never> };
      }),
    });
    return client;
  };

  /** As `asking`, and each query has its first answer. */
  readonly watching = async (...queries: Watched[]): Promise<WireClient> => {
    const client = this.asking(...queries);
    await client.until(() => queries.every((_, i) => client.value(i + 1) !== undefined));
    return client;
  };

  /** Runs a query for an anonymous caller, once. */
  readonly query = (path: string, args: Record<string, unknown> = {}): Promise<Outcome<unknown>> =>
    this.#engine.call({ kind: "query", path, args, caller: null });

  /** The value of a query, run once for an anonymous caller. @throws when the query fails. */
  readonly read = async (path: string, args: Record<string, unknown> = {}): Promise<unknown> => {
    const outcome = await this.query(path, args);
    if (!outcome.ok) throw new Error(`${path} failed: ${JSON.stringify(outcome.error)}`);
    return outcome.value;
  };

  /** Runs a mutation for an anonymous caller. */
  readonly mutation = (path: string, args: Record<string, unknown> = {}): Promise<Outcome<unknown>> =>
    this.#engine.call({ kind: "mutation", path, args, caller: null });

  /** Resolves when all work that needs no timer is done, on a database in this thread. */
  readonly rest = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await turn();
  };

  /** Lets the engine's pauses of at most `ms` milliseconds pass until `isSo`. Longer ones, such as time limits, do not end. */
  readonly pausesPass = (ms: number, isSo: () => boolean): Promise<void> => pausesPass(this.clock, ms, isSo);

  /** Waits for a promise while the engine's pauses of at most `ms` milliseconds pass. */
  readonly patiently = <T>(ms: number, awaited: Promise<T>): Promise<T> => patiently(this.clock, ms, awaited);

  /** Moves time forward by so many milliseconds, timer by timer, so that what a timer begins may begin others. */
  readonly timePasses = async (ms: number): Promise<void> => {
    const { clock } = this;
    for (const until = clock.now() + ms; clock.now() < until; ) {
      await turn();
      clock.advance(Math.min(clock.nextDue ?? 1, until - clock.now()));
    }
  };

  /** Closes the server. @throws when it leaves a timer behind. */
  async close(): Promise<void> {
    await this.#engine.close();
    if (this.clock.waiting > 0)
      throw new Error(`Expected no timer after the engine was closed. Found ${this.clock.waiting}.`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
