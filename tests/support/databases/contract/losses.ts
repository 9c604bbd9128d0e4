import { describe, expect, test } from "vitest";
import { ConnectionLostError } from "../../../../lib/database/driver/driver.ts";
import { internalSql } from "../../../../lib/database/internal/internal-sql.ts";
import { createInternalTables } from "../../../../lib/database/internal/internal-tables.ts";
import { clientRecords } from "../../../../lib/engine/client-records/client-record.ts";
import { Transactions } from "../../../../lib/engine/commits/transactions.ts";
import { defaultLimits } from "../../../../lib/engine/run/limits.ts";
import { machineEnvironment } from "../../../../lib/environment/environment.ts";
import { DriverAround } from "./driver-around.ts";
import type { DriverInUse } from "./driver-in-use.ts";
import { FlakyWire } from "./flaky-wire.ts";

const silent = { info() {}, warn() {}, error() {} };

/** What the driver promises of connections that are lost or destroyed. */
export function lossesAreTold(use: DriverInUse): void {
  describe("a connection", () => {
    test("that is destroyed in its transaction keeps nothing of it and blocks no other", async () => {
      const connection = await use.begin("write");
      await connection.execute("insert into things (id) values (1)");
      connection.destroy();
      await expect(connection.execute("select 1")).rejects.toBeInstanceOf(ConnectionLostError);
      connection.release();
      await use.write("insert into things (id, name) values (1, 'next')");
      expect(await use.names()).toEqual(["next"]);
    });

    test("of a closed driver cannot be opened", async () => {
      const own = await use.subject.open({ schema: {} });
      await own.close();
      await own.close();
      expect(await use.failureOf(own.connect())).toBe("connectionLost");
    });

    if (use.subject.reopens) {
      test("of a driver that is opened again sees what was committed, and nothing of an open transaction", async () => {
        const own = await use.subject.open({ schema: {} });
        await use.write("insert into things (id, name) values (1, 'kept')");
        const underWay = await use.begin("write", own);
        await underWay.execute("insert into things (id, name) values (2, 'lost')");
        underWay.destroy();
        await own.close();
        const again = await use.subject.open({ schema: {} });
        expect(await use.names(again)).toEqual(["kept"]);
        await again.close();
      });
    }

    if (use.subject.cutConnections) cutFromOutside(use, use.subject.cutConnections);
    if (use.subject.port !== undefined) overAWire(use, use.subject.port);
  });
}

function cutFromOutside(use: DriverInUse, cut: NonNullable<DriverInUse["subject"]["cutConnections"]>): void {
  test("whose statement runs too long ends when it is destroyed, and what waits for it continues", async () => {
    const runaway = await use.begin("write");
    await runaway.execute("insert into things (id, name) values (1, 'runaway')");
    const statement = runaway.execute(use.words.runaway);
    const waiting = use.subject.writersConflict ? undefined : use.driver.connect();
    const failure = use.failureOf(statement);
    if (use.driver.shared) await expect.poll(() => use.rows(use.words.running)).not.toEqual([]);
    // An embedded database answers nothing else while a statement runs, so the test can only give it time to begin.
    else await new Promise((resolve) => setTimeout(resolve, 100));
    runaway.destroy();
    expect(await failure).toBe("connectionLost");
    await waiting?.then((connection) => connection.release());
    // The same row, so the server must have released its lock.
    await use.write("insert into things (id, name) values (1, 'after')");
    expect(await use.names()).toEqual(["after"]);
  });

  test("that is lost while idle is replaced", async () => {
    await use.write("insert into things (id, name) values (1, 'one')");
    await cut(use.driver);
    expect(await use.names()).toEqual(["one"]);
  });

  test("that is lost in a transaction fails as lost, and the process does not end", async () => {
    const connection = await use.begin("write");
    await connection.execute("insert into things (id) values (1)");
    await cut(use.driver);
    expect(await use.failureOf(connection.execute("select 1"))).toBe("connectionLost");
    await connection.rollback();
    connection.release();
    expect(await use.names()).toEqual([]);
  });

  test("that is lost before its COMMIT is sent fails as lost", async () => {
    const connection = await use.begin("write");
    await connection.execute("insert into things (id) values (1)");
    await cut(use.driver);
    expect(await use.failureOf(connection.commit())).toBe("connectionLost");
    connection.release();
    expect(await use.names()).toEqual([]);
  });

  test("that is lost while it commits either has committed or fails as lost", async () => {
    for (let id = 1; id <= 3; id++) {
      const connection = await use.begin("write");
      await connection.execute("insert into things (id, name) values ($1, $2)", [id, `n${id}`]);
      const committing = use.outcomeOf(connection.commit());
      await cut(use.driver);
      const end = await committing;
      connection.release();
      expect(["committed", "connectionLost"]).toContain(end);
      if (end === "committed") expect(await use.names()).toContain(`n${id}`);
    }
  });
}

function overAWire(use: DriverInUse, port: number): void {
  test("to a server that is unreachable fails, and succeeds when the server is back", async () => {
    await using wire = await FlakyWire.to(port);
    const driver = await use.subject.open({ schema: {}, port: wire.port, connectTimeoutMs: 2_000 });
    await use.write("insert into things (id, name) values (1, 'one')");
    const during = await use.begin("write", driver);
    await wire.stop();
    expect(await use.failureOf(during.execute("select 1"))).toBe("connectionLost");
    during.release();
    expect(await use.failureOf(use.names(driver))).toBe("connectionLost");
    await wire.start();
    expect(await use.names(driver)).toEqual(["one"]);
    await driver.close();
  });

  test("that is lost after a COMMIT was applied and before its answer fails as lost, and the row is stored", async () => {
    await using wire = await FlakyWire.to(port);
    const driver = await use.subject.open({ schema: {}, port: wire.port });
    const connection = await use.begin("write", driver);
    await connection.execute("insert into things (id, name) values (1, 'went through')");
    wire.muteServer();
    const committing = use.outcomeOf(connection.commit());
    await expect.poll(() => use.names(), { interval: 5 }).toEqual(["went through"]);
    wire.cut();
    expect(await committing).toBe("connectionLost");
    connection.release();
    await driver.close();
  });

  test("that is destroyed while the server is silent rejects its statement, and a waiting caller gets another one", async () => {
    await using wire = await FlakyWire.to(port);
    const driver = await use.subject.open({ schema: {}, port: wire.port, connections: 1 });
    const connection = await use.begin("write", driver);
    wire.muteServer();
    const ended = use.failureOf(connection.execute("select 1"));
    const next = driver.connect();
    connection.destroy();
    expect(await ended).toBe("connectionLost");
    wire.heal();
    const other = await next;
    await other.begin("read");
    await other.rollback();
    other.release();
    await driver.close();
  });

  if (use.subject.commitsInOneTrip) lateCommitsAreWaitedFor(use, port);

  const ills = [
    ["went through", "muteServer", 1],
    ["never arrived", "deafenServer", 2],
  ] as const;
  const ways = use.subject.commitsInOneTrip ? ["together with", "after"] : ["after"];
  test.each(ways.flatMap((way) => ills.map((ill) => [...ill, way] as const)))(
    "that is lost at a COMMIT that %s (%s, runs: %i), sent %s the deciding statement: the engine looks up the outcome, and the mutation is applied once",
    async (_, ill, runs, way) => {
      await createInternalTables(use.driver);
      await use.write(`delete from ${internalSql[use.subject.dialect].own("sessions")}`);
      await using wire = await FlakyWire.to(port);
      const driver = await use.subject.open({ schema: {}, port: wire.port });
      const announced: number[] = [];
      const fell = Promise.withResolvers<void>();
      const fallIll = () => {
        if (ran > 1) return;
        wire[ill]();
        fell.resolve();
      };
      const committing = new DriverAround(driver, {
        commit: async (connection, deciding) => {
          if (way === "after" && deciding) await connection.execute(deciding.sql, deciding.params);
          fallIll();
          return connection.commit(way === "after" ? undefined : deciding);
        },
      });
      const transactions = new Transactions(committing, machineEnvironment(silent), defaultLimits, (position) =>
        announced.push(position),
      );
      let ran = 0;
      const writing = transactions.write({
        by: "things:add",
        lock: "s",
        body: async (connection) => {
          ran++;
          await connection.execute("insert into things (id, name) values (1, 'once')");
          const record = { identity: "", lastDecided: 1, outcomes: new Map(), touched: 0 };
          return {
            value: true,
            invalidations: [],
            deciding: clientRecords.advance(connection, "s", 1, record),
          };
        },
        wentThrough: (connection) => clientRecords.isDecided(connection, "s", 1),
        committed: () => {},
      });
      await fell.promise;
      if (ill === "muteServer") await expect.poll(() => use.names(), { interval: 5 }).toEqual(["once"]);
      wire.heal();
      expect(await writing).toBe(true);
      expect(ran).toBe(runs);
      expect(announced).toEqual([1]);
      expect(await use.names()).toEqual(["once"]);
      await driver.close();
    },
  );
}

function lateCommitsAreWaitedFor(use: DriverInUse, port: number): void {
  test("whose COMMIT is still on the way when its client disconnects: a look-up waits until it has arrived", async () => {
    await createInternalTables(use.driver);
    await use.write(`delete from ${internalSql[use.subject.dialect].own("sessions")}`);
    await using wire = await FlakyWire.to(port);
    const driver = await use.subject.open({ schema: {}, port: wire.port });
    const connection = await driver.connect();
    await connection.begin("write", "session s");
    await connection.execute("insert into things (id, name) values (1, 'late')");
    wire.delay();
    const record = { identity: "", lastDecided: 1, outcomes: new Map(), touched: 0 };
    const committing = use.outcomeOf(connection.commit(clientRecords.advance(connection, "s", 1, record)));
    await expect.poll(() => wire.isCarrying, { interval: 5 }).toBe(true);
    connection.destroy();
    expect(await committing).toBe("connectionLost");

    let known: boolean | undefined;
    const asking = isDecided(use, "session s").then((answer) => {
      known = answer;
    });
    for (let i = 0; i < 20; i++) await use.names();
    expect(known).toBeUndefined();
    wire.arrive();
    await asking;
    expect(known).toBe(true);
    expect(await use.names()).toEqual(["late"]);
    await driver.close();
  });
}

/** Looks up the mutation as the engine does: under the lock, and again after a conflict. */
async function isDecided(use: DriverInUse, lock: string): Promise<boolean> {
  for (;;) {
    const connection = await use.driver.connect();
    try {
      await connection.begin("write", lock);
      return await clientRecords.isDecided(connection, "s", 1);
    } catch (error) {
      if (use.driver.classify(error) !== "conflict") throw error;
    } finally {
      await connection.rollback();
      connection.release();
    }
  }
}
