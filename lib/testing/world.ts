import type { BrowserTab } from "../client/connection/browser-tab.ts";
import { ConvexClient } from "../client/convex-client.ts";
import type { Driver } from "../database/driver/driver.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import type { EngineLimits } from "../engine/run/limits.ts";
import type { FunctionModules } from "../engine/run/registry.ts";
import type { Identity } from "../functions/context.ts";
import { HandClock } from "./hand-clock.ts";
import { SocketNetwork } from "./socket-pair.ts";
import { borrowDatabase } from "./world-databases.ts";

/** What `startWorld` takes. */
export interface WorldOptions {
  /** The modules of `convex/` that the test uses: `{ messages }` after `import * as messages from "./messages"`. */
  functions: FunctionModules;
  /** The module `convex/schema.ts`: `import * as schema from "./schema"`. */
  schema: Record<string, unknown>;
  /**
   * Decides the random numbers of the server and the clients.
   * @default 1
   */
  seed?: number;
  /**
   * Limits of the engine that differ from the defaults.
   * @default {}
   */
  limits?: Partial<EngineLimits>;
}

/**
 * Starts a server with an empty embedded database and the tables of the schema, in this process and without a network, for
 * tests of functions. Its time moves only by `World.advance`.
 *
 * The first world of a process opens the database, which takes a second. A world that is disposed of leaves the database
 * to the next one, empty, which starts in milliseconds. Worlds that exist at the same time have databases of their own.
 * @returns a promise of the world. Dispose of it at the end of the test, as `await using` does.
 * @throws when the tables cannot be made.
 * @example
 * await using world = await startWorld({ functions: { messages }, schema });
 * const alice = world.connect("alice");
 * await alice.mutation(api.messages.send, { channel: "general", author: "Alice", text: "Hi" });
 */
export async function startWorld(options: WorldOptions): Promise<World> {
  return new World(options, await borrowDatabase(options.schema));
}

/** A browser tab that is always visible and never left. */
const page: BrowserTab = { isVisible: () => true, watchNetwork: () => () => {}, askBeforeLeaving: () => () => {} };

/** A server, its database and its clients in one process. `startWorld` makes it. */
export class World implements AsyncDisposable {
  /** The time, the random numbers and the log of the server and all clients. */
  readonly clock: HandClock;
  readonly #options: WorldOptions;
  readonly #driver: Driver;
  readonly #clients: ConvexClient[] = [];
  readonly #networks: SocketNetwork[] = [];
  #engine: Engine;

  /** @param driver An open database with the tables of the schema. The world closes it. */
  constructor(options: WorldOptions, driver: Driver) {
    this.#options = options;
    this.#driver = driver;
    this.clock = new HandClock(options.seed);
    this.#engine = this.#startEngine();
  }

  /** The engine of the running server. `restart` replaces it. */
  get engine(): Engine {
    return this.#engine;
  }

  /**
   * Makes a client that connects to the server, as a browser page of its own.
   * @param caller Its identity, or only the `subject` of it. Default: anonymous.
   * @returns the client; the world closes it.
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

  /**
   * Resolves when no live query is stale, no function runs and no message is under way. A query that has taken long by the
   * world's clock, as time was moved while it ran, may wait for its turn until time is moved again: see `advance`.
   */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      const before = this.#said;
      await new Promise((resolve) => setImmediate(resolve));
      await this.#engine.settled();
      quiet = this.#said === before ? quiet + 1 : 0;
    }
  }

  /** Waits for `settled`, moves time forward by milliseconds, and waits for `settled` again. */
  async advance(ms: number): Promise<void> {
    await this.settled();
    this.clock.advance(ms);
    await this.settled();
  }

  /** Breaks every connection, as a failing network does. The clients reconnect as time passes: see `advance`. */
  cut(): void {
    for (const network of this.#networks) network.cut();
  }

  /** Replaces the server by a new one on the same database, as after a crash. */
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
