import type { BrowserTab } from "../client/connection/browser-tab.ts";
import { ConvexClient } from "../client/convex-client.ts";
import type { Driver } from "../database/driver/driver.ts";
import { openTemporaryDatabase } from "../database/temporary-database.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import type { EngineLimits } from "../engine/run/limits.ts";
import type { FunctionModules } from "../engine/run/registry.ts";
import type { Identity } from "../functions/context.ts";
import { createTables } from "../schema/create-tables.ts";
import { HandClock } from "./hand-clock.ts";
import { SocketNetwork } from "./socket-pair.ts";

export interface WorldOptions {
  /** The modules under `convex/` that take part: `{ messages }` after `import * as messages from "./messages"`. */
  functions: FunctionModules;
  /** `import * as schema from "./schema"`: its tables are made in an empty embedded database. */
  schema: Record<string, unknown>;
  /** Repeats the world's chance. Default: 1. */
  seed?: number;
  limits?: Partial<EngineLimits>;
}

/**
 * A server with its database, and any number of clients, in one process and without a network: for stories like "Alice
 * sends, Bob sees". Time moves only by `advance`.
 *
 * @example
 * await using world = await startWorld({ functions: { messages }, schema });
 * const alice = world.connect("alice");
 * await alice.mutation(api.messages.send, { channel: "general", author: "Alice", text: "Hi" });
 */
export async function startWorld(options: WorldOptions): Promise<World> {
  const driver = await openTemporaryDatabase({ schema: options.schema });
  await createTables(driver, options.schema);
  return new World(options, driver);
}

/** Nobody looks away, and nobody leaves. */
const page: BrowserTab = { isVisible: () => true, onReturn: () => () => {}, askBeforeLeaving: () => () => {} };

export class World implements AsyncDisposable {
  /** The time of everybody in it. */
  readonly clock: HandClock;
  readonly #options: WorldOptions;
  readonly #driver: Driver;
  readonly #clients: ConvexClient[] = [];
  readonly #networks: SocketNetwork[] = [];
  #engine: Engine;

  /** @param driver Holds the tables of the schema; the world closes it. */
  constructor(options: WorldOptions, driver: Driver) {
    this.#options = options;
    this.#driver = driver;
    this.clock = new HandClock(options.seed);
    this.#engine = this.#startEngine();
  }

  /** What the server is, under its sockets. Another one after `restart`. */
  get engine(): Engine {
    return this.#engine;
  }

  /**
   * A client on a page of its own.
   * @param caller Its identity, or just the subject of it. Default: nobody.
   */
  connect(caller?: string | Identity): ConvexClient {
    const identity = typeof caller === "string" ? { subject: caller } : (caller ?? null);
    const network = new SocketNetwork(this.clock, (socket) => this.#engine.opened(socket, identity));
    const client = new ConvexClient("http://world", {
      environment: this.clock,
      page,
      webSocketConstructor: network.webSocketConstructor,
    });
    this.#networks.push(network);
    this.#clients.push(client);
    return client;
  }

  /** Resolves when nothing is stale, nothing runs and nothing is on its way. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      const before = this.#said;
      await new Promise((resolve) => setImmediate(resolve));
      await this.#engine.settled();
      quiet = this.#said === before ? quiet + 1 : 0;
    }
  }

  /** Moves time forward by milliseconds, once everything has settled, and lets it settle again. */
  async advance(ms: number): Promise<void> {
    await this.settled();
    this.clock.advance(ms);
    await this.settled();
  }

  /** Breaks every connection, without a word. The clients come back in time: see `advance`. */
  cut(): void {
    for (const network of this.#networks) network.cut();
  }

  /** The server dies and another one starts on the same database. */
  async restart(): Promise<void> {
    const before = this.#engine;
    this.#engine = this.#startEngine();
    this.cut();
    await before.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.#engine.close();
    await this.#driver.close();
  }

  get #said(): number {
    return this.#networks.flatMap(({ pairs }) => pairs).reduce((sum, { said }) => sum + said.length, 0);
  }

  #startEngine(): Engine {
    const { functions, schema, limits } = this.#options;
    const environment = this.clock;
    const engine = createEngine({ driver: this.#driver, environment, development: true, ...(limits && { limits }) });
    // biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React; it uses these functions from now on
    engine.useFunctions(functions, schema);
    return engine;
  }
}
