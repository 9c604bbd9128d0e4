/** A few hot rows: the same transfers through the engine, and by loops that try again, in one process. */

import { eq, sql } from "drizzle-orm";
import { integer, pgTable } from "drizzle-orm/pg-core";
import { z } from "zod";
import type { Driver } from "../../lib/database/driver/driver.ts";
import { openDatabase } from "../../lib/database/open-database.ts";
import { createEngine } from "../../lib/engine/engine.ts";
import { machineEnvironment } from "../../lib/environment/environment.ts";
import type { Database } from "../../lib/functions/context.ts";
import { createFunctions } from "../../lib/functions/define.ts";
import { PROTOCOL_VERSION } from "../../lib/protocol/version.ts";
import { createTables } from "../../lib/schema/create-tables.ts";
import { newClientId } from "../load/speech.ts";
import { announcePort, answerControl, log } from "./control.ts";
import type { DatabasePlace } from "./database.ts";

/** What is measured: transfers through the engine, or by a loop that tries again after a pause. */
export interface Contention {
  through: "engine" | "loop";
  /** Whether each transfer takes the account with the lower number first, so that there is no deadlock. */
  inOrder: boolean;
  milliseconds: number;
}

/** What came of it. */
export interface Contended {
  perSecond: number;
  /** Milliseconds from each call to its outcome. */
  times: number[];
  failed: number;
  /** Tries that lost a conflict. */
  lost: number;
}

interface Transfer {
  from: number;
  to: number;
  amount: number;
}

const CLIENTS = 64;
const ACCOUNTS = 100;
const ZIPF_EXPONENT = 1.5;
const BALANCE = 1_000;
/** Milliseconds of the longest pause of a loop. */
const LONGEST_PAUSE = 20;

const accounts = pgTable("accounts", { id: integer().primaryKey(), balance: integer().notNull() });
const schema = { accounts };
const { mutation } = createFunctions<typeof schema>();
type Db = Database<typeof schema>;

/** Two reads and two updates. */
async function transferIn(db: Db, { from, to, amount }: Transfer): Promise<void> {
  const balanceOf = async (id: number) => {
    const [account] = await db.select().from(accounts).where(eq(accounts.id, id));
    return account?.balance ?? 0;
  };
  const [given, taken] = [await balanceOf(from), await balanceOf(to)];
  await db
    .update(accounts)
    .set({ balance: given - amount })
    .where(eq(accounts.id, from));
  await db
    .update(accounts)
    .set({ balance: taken + amount })
    .where(eq(accounts.id, to));
}

const transfer = mutation({
  args: z.object({ from: z.number(), to: z.number(), amount: z.number() }),
  handler: ({ db }, args) => transferIn(db, args),
});

const { url, directory } = JSON.parse(process.argv[2] ?? "{}") as DatabasePlace;
const opened = await openDatabase({ url, directory, schema, log });
await createTables(opened, schema);
const lost = new WeakSet<Error>();
let lostTries = 0;
const driver = countingConflicts(opened);
await directly(async (db) => {
  await db.insert(accounts).values(Array.from({ length: ACCOUNTS }, (_, id) => ({ id, balance: BALANCE })));
});
const engine = createEngine({
  driver,
  environment: machineEnvironment(log),
  development: false,
  // The rate limit of clients (50 messages a second) would hide the database's limit.
  limits: { messagesPerSecond: 1e6, messageBurst: 1e6 },
});
// biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React; it uses these functions from now on
engine.useFunctions({ bank: { transfer } }, schema);

/** Counts each error that is a lost conflict, however often it is asked for. */
function countingConflicts(driver: Driver): Driver {
  const classify = driver.classify.bind(driver);
  driver.classify = (error) => {
    const failure = classify(error);
    if (failure === "conflict" && error instanceof Error && !lost.has(error)) {
      lost.add(error);
      lostTries++;
    }
    return failure;
  };
  return driver;
}

/** One transaction with the driver alone, again until it wins. */
async function directly(body: (db: Db) => Promise<void>): Promise<void> {
  for (;;) {
    const connection = await driver.connect();
    try {
      await connection.begin("write");
      await body(connection.db as Db);
      await connection.commit();
      return;
    } catch (error) {
      await connection.rollback();
      if (driver.classify(error) !== "conflict") throw error;
    } finally {
      connection.release();
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_PAUSE));
  }
}

/** A client that calls one transfer after another. */
class Caller {
  #n = 0;
  #done: (isApplied: boolean) => void = () => {};
  readonly #events = engine.opened(
    {
      bufferedAmount: 0,
      send: ({ text }) => {
        if (text.startsWith('{"type":"MutationS')) this.#done(true);
        else if (text.startsWith('{"type":"MutationF')) this.#done(false);
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

  /** @returns whether it was applied. */
  call(args: Transfer): Promise<boolean> {
    const n = ++this.#n;
    const done = new Promise<boolean>((resolve) => {
      this.#done = resolve;
    });
    this.#say({ type: "Mutate", request: n, path: "bank:transfer", args, confirmedUpTo: n - 1 });
    return done;
  }

  #say(message: object): void {
    this.#events.message(JSON.stringify(message));
  }

  leave(): void {
    this.#events.closed();
  }
}

/** For each account, how often it or one before it is named, by Zipf's law. */
const upTo: number[] = [];
for (let i = 1; i <= ACCOUNTS; i++) upTo.push((upTo.at(-1) ?? 0) + i ** -ZIPF_EXPONENT);

function anyAccount(): number {
  const share = Math.random() * (upTo.at(-1) as number);
  return upTo.findIndex((sum) => share < sum);
}

function anyTransfer(inOrder: boolean): Transfer {
  const from = anyAccount();
  for (;;) {
    const to = anyAccount();
    const amount = 1 + Math.floor(Math.random() * 10);
    if (to !== from) return inOrder && to < from ? { from: to, to: from, amount: -amount } : { from, to, amount };
  }
}

function client({ through, inOrder }: Contention): { transfer(): Promise<boolean>; leave(): void } {
  if (through === "engine") {
    const caller = new Caller();
    return { transfer: () => caller.call(anyTransfer(inOrder)), leave: () => caller.leave() };
  }
  return {
    async transfer() {
      const args = anyTransfer(inOrder);
      await directly((db) => transferIn(db, args));
      return true;
    },
    leave() {},
  };
}

/** What the transfers have left: no more and no less than there was, or else the figures mean nothing. */
async function mustAddUp(): Promise<void> {
  await directly(async (db) => {
    const [row] = await db.select({ sum: sql<number>`sum(${accounts.balance})::int` }).from(accounts);
    if (row?.sum !== ACCOUNTS * BALANCE) throw new Error(`The balances add up to ${row?.sum}.`);
  });
}

async function contend(contention: Contention): Promise<Contended> {
  const began = performance.now();
  const passed = () => performance.now() - began;
  const times: number[] = [];
  let failed = 0;
  lostTries = 0;
  const work = async (): Promise<void> => {
    const { transfer, leave } = client(contention);
    while (passed() < contention.milliseconds) {
      const called = performance.now();
      if (await transfer()) times.push(performance.now() - called);
      else failed++;
    }
    leave();
  };
  await Promise.all(Array.from({ length: CLIENTS }, work));
  const contended = { perSecond: times.length / (passed() / 1000), times, failed, lost: lostTries };
  await mustAddUp();
  return contended;
}

answerControl({
  contend,
  stop: () => void setImmediate(() => process.exit(0)),
});
announcePort(0);
