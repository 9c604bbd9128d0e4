import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import { inTransaction } from "../../lib/database/internal/database-lock.ts";
import { openDatabase } from "../../lib/database/open-database.ts";
import { describeWithPostgres, type TestServer } from "../support/databases/with-postgres.ts";
import { silent } from "../support/silent.ts";
import { thorough } from "../support/thorough.ts";
import { Crowd, type StoredNote } from "./crowd.ts";
import { COMMITTED, POINTS } from "./doom.ts";
import { LINGERS, schema } from "./functions.ts";
import { ServerProcess } from "./server-process.ts";
import { fastTime } from "./small-server.ts";
import { until } from "./until.ts";

/** How many clients add notes; the others only watch. */
const WRITERS = 200;

/** One server after the other on one database, with one crowd of clients: each test goes on from the one before. */
function survives(size: number, postgres?: TestServer): void {
  let server: ServerProcess;
  let crowd: Crowd;

  beforeAll(async () => {
    server = await ServerProcess.inNewDirectory(postgres?.url);
    await server.start([POINTS[0], POINTS[0]]);
  });

  afterAll(async () => {
    await crowd?.close();
    await server?.[Symbol.asyncDispose]();
  });

  const sql = async (statement: string) => {
    const { directory } = server;
    const driver = await openDatabase({ url: postgres?.url, directory, schema, log: silent });
    const rows = await inTransaction(driver, "write", (connection) => connection.execute(statement));
    await driver.close();
    return rows;
  };

  const stored = async () => (await sql("select id, room, text from notes order by id")) as unknown as StoredNote[];

  test("a server that dies at any point of a mutation: it is done once, mutate() resolves, and all clients show it", async () => {
    // Ten times as fast, so that the backoff of clients is short.
    const environment = fastTime(10);
    const people = [1, 2, 3].map(() => {
      const client = new ConvexClient(server.url, { environment });
      const person = { client, shown: [] as string[] };
      client.watchQuery("notes:list", { room: "doomed" }, ({ data }) => {
        person.shown = ((data as StoredNote[] | undefined) ?? []).map(({ text }) => text);
      });
      return person;
    });
    const [writer] = people as [(typeof people)[number]];
    for (const [i, point] of POINTS.entries()) {
      const called = writer.client.mutation("notes:add", { room: "doomed", text: point });
      await until(
        () => server.endedBy !== undefined,
        () => `${point}: ${server.output}`,
      );
      expect(server.endedBy).toBe("SIGKILL");
      if (postgres) {
        const texts = (await stored()).map(({ text }) => text);
        expect(texts.includes(point)).toBe(i >= POINTS.indexOf(COMMITTED));
      }
      const next = POINTS[i + 1];
      // The last one serves the crowd, and dies during one of its mutations.
      await server.start(next ? [next, next] : [COMMITTED, `${size / 2}.1`]);
      expect(await called).toBe(point);
      expect(writer.shown).toEqual(POINTS.slice(0, i + 1));
    }
    await until(() => people.every(({ shown }) => shown.join() === POINTS.join()));
    for (const { client } of people) await client.close();
    const response = await fetch(`${server.url}/api/convex/query`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ path: "notes:list", args: { room: "doomed" } }),
    });
    const { value } = (await response.json()) as { value: StoredNote[] };
    expect(value.map(({ text }) => text)).toEqual(POINTS);
  });

  /** All clients are back, their calls have ended, and they show what the server reads afresh from its database. */
  const allAreBack = async () => {
    await crowd.called();
    expect(crowd.refused, server.output).toEqual([]);
    const why = () => `${crowd.describeStates()} ${server.output.slice(-2_000)}`;
    await until(() => crowd.isOpen, why);
    const rows = await crowd.readAll();
    await until(() => crowd.showsAll(rows), why);
    crowd.checkOnce(rows);
  };

  test(`${size} clients of a server that is killed: what was acknowledged is there once, and all clients see it`, async () => {
    crowd = new Crowd(server.url, size);
    await until(() => crowd.isOpen);
    crowd.add(1, WRITERS);
    await until(() => server.endedBy !== undefined);
    expect(crowd.acknowledgements).toBeLessThan(WRITERS);
    await server.start();
    await allAreBack();
  });

  test(`${size} clients of a server that is told to stop: it finishes what runs, and they come back to the next, spread out`, async () => {
    crowd.add(2, WRITERS, "notes:linger");
    await until(() => server.output.includes(LINGERS));
    crowd.returns.clear();
    expect(await server.stop()).toBe(0);
    // What ran was finished: if the next server ran it again, it would wait there until its time limit, and fail.
    await server.start();
    await allAreBack();
    const waits = [...crowd.returns.values()].sort((a, b) => a - b);
    expect(waits).toHaveLength(size);
    // The delays spread over two seconds and more: neither half holds nearly all of them.
    const within = waits.map((from) => waits.filter((wait) => wait >= from && wait < from + 500).length);
    expect(Math.max(...within)).toBeLessThan(0.45 * size);
  });

  test.runIf(postgres)(
    "connections to the database that are ended midway lose nothing and repeat nothing",
    async () => {
      for (let round = 3; round <= 6; round++) {
        const before = crowd.acknowledgements;
        crowd.add(round, WRITERS);
        await until(() => crowd.acknowledgements > before);
        await postgres?.endConnections();
        await crowd.called();
      }
      await allAreBack();
    },
  );

  test("and all of it is in the database", async () => {
    await server.kill();
    const rows = await stored();
    expect(rows.filter(({ room }) => room === "doomed").map(({ text }) => text)).toEqual(POINTS);
    crowd.checkOnce(rows);
    expect(crowd.showsAll(rows)).toBe(true);
  });
}

describe("a server on PGlite", () => survives(1_000));
if (thorough) await describeWithPostgres("a server on PostgreSQL", (server) => survives(WRITERS, server));
