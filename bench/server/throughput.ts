/** One database, with the engine and without it: the same Drizzle statements through the same driver, in one process. */

import type { DatabaseConnection } from "../../lib/database/driver/driver.ts";
import { openDatabase } from "../../lib/database/open-database.ts";
import { createEngine } from "../../lib/engine/engine.ts";
import { machineEnvironment } from "../../lib/environment/environment.ts";
import type { Database } from "../../lib/functions/context.ts";
import { PROTOCOL_VERSION } from "../../lib/protocol/version.ts";
import { createTables } from "../../lib/schema/create-tables.ts";
import { messageIn } from "../functions/conversation.ts";
import { onDialect } from "../functions/on-dialect.ts";
import { newClientId } from "../load/speech.ts";
import { announcePort, answerControl, log } from "./control.ts";
import type { DatabasePlace } from "./database.ts";

/** What is measured: an operation, with the engine or with the driver alone. */
export interface Measurement {
  what: "mutations" | "queries";
  through: "engine" | "driver";
  milliseconds: number;
}

const AT_ONCE = 8;
const CHANNELS = 64;
const ROWS = 50;

const { url, directory, dialect = "pg" } = JSON.parse(process.argv[2] ?? "{}") as DatabasePlace;
const { schema, insert, select, functions } = onDialect(dialect);
const driver = await openDatabase({ url, directory, schema, log });
await createTables(driver, schema);
const engine = createEngine({
  driver,
  environment: machineEnvironment(log),
  development: false,
  // The rate limit of clients (50 messages a second) would hide the database's limit; and no preloaded answer is reused.
  limits: { messagesPerSecond: 1e6, messageBurst: 1e6, preloadLeases: 0 },
});
// biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React; it uses these functions from now on
engine.useFunctions(functions, schema);

type Db = Database<typeof schema>;

/** One transaction with the driver alone. */
async function directly(mode: "read" | "write", body: (db: Db) => Promise<unknown>): Promise<void> {
  for (;;) {
    const connection = await driver.connect();
    try {
      await connection.begin(mode);
      await body(connection.db as Db);
      await end(mode, connection);
      return;
    } catch (error) {
      await connection.rollback();
      if (driver.classify(error) !== "conflict") throw error;
    } finally {
      connection.release();
    }
  }
}

/** Ends a transaction as the engine does: a snapshot has nothing to commit. */
function end(mode: "read" | "write", connection: DatabaseConnection): Promise<unknown> {
  return mode === "read" ? connection.rollback() : connection.commit();
}

/** A client that calls one mutation after another. */
class Caller {
  #n = 0;
  #done: () => void = () => {};
  readonly #events = engine.opened(
    {
      bufferedAmount: 0,
      send: ({ text }) => {
        if (text.startsWith('{"type":"MutationS')) this.#done();
        else if (text.startsWith('{"type":"MutationF')) throw new Error(`A mutation failed: ${text}`);
      },
      pause() {},
      resume() {},
      close: (code, reason) => {
        throw new Error(`The engine closed a connection: ${code} ${reason}`);
      },
    },
    null,
  );

  constructor() {
    this.#say({ type: "Connect", protocol: PROTOCOL_VERSION, clientId: newClientId() });
  }

  send(args: object): Promise<void> {
    const n = ++this.#n;
    const done = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    this.#say({ type: "Mutate", request: n, path: "messages:send", args, confirmedUpTo: n - 1 });
    return done;
  }

  #say(message: object): void {
    this.#events.message(JSON.stringify(message));
  }

  leave(): void {
    this.#events.closed();
  }
}

const message = (i: number) => messageIn(`written-${i % CHANNELS}`);
const channel = (i: number) => `read-${i % CHANNELS}`;

/** The step that one of the parallel workers repeats, and what ends the worker. */
function worker({ what, through }: Measurement): { step(i: number): Promise<unknown>; end(): void } {
  const end = () => {};
  if (what === "queries") {
    if (through === "driver") return { step: (i) => directly("read", (db) => select(db, channel(i))), end };
    return { step: (i) => engine.preload("messages:listByChannel", { channel: channel(i) }, null).then(mustBeOk), end };
  }
  if (through === "driver") return { step: (i) => directly("write", (db) => insert(db, message(i))), end };
  const caller = new Caller();
  return { step: (i) => caller.send(message(i)), end: () => caller.leave() };
}

function mustBeOk(outcome: { ok: boolean }): void {
  if (!outcome.ok) throw new Error(`A query failed: ${JSON.stringify(outcome)}`);
}

/** @returns operations a second. */
async function measure(measurement: Measurement): Promise<number> {
  const began = performance.now();
  const passed = () => performance.now() - began;
  let done = 0;
  const work = async (at: number): Promise<void> => {
    const { step, end } = worker(measurement);
    // No two workers run the same query at the same time, because the engine would answer both with one run.
    for (let i = at; passed() < measurement.milliseconds; i += AT_ONCE) {
      await step(i);
      done++;
      // SQLite answers within the call, so timers and sockets need a turn of the event loop.
      if (done % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    end();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => work(at)));
  return done / (passed() / 1000);
}

for (let i = 0; i < CHANNELS; i++) {
  await directly("write", async (db) => {
    for (let row = 0; row < ROWS; row++) await insert(db, messageIn(channel(i)));
  });
}

answerControl({
  measure,
  stop: () => void setImmediate(() => process.exit(0)),
});
announcePort(0);
