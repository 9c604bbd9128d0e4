import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inTransaction } from "../../lib/database/alone.ts";
import { openDatabase } from "../../lib/database/open-database.ts";
import { describeWithPostgres, type TestServer } from "../../lib/database/with-postgres.ts";
import { Crowd, type Note } from "./crowd.ts";
import { schema } from "./functions.ts";
import { freePort, ServerProcess } from "./server-process.ts";

const CLIENTS = 200;
/** Milliseconds from the restart until everybody shows what is stored. */
const BACK_WITHIN = 10_000;
const TIME = { timeout: 120_000 };

function survives(postgres?: TestServer): void {
  let directory: string;
  let server: ServerProcess;
  let crowd: Crowd;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "convex-lite-faults-"));
    server = new ServerProcess(await freePort(), directory, postgres?.url);
    await server.start();
    crowd = new Crowd(server.url, CLIENTS);
    await until(() => crowd.members.every(({ total }) => total >= 0));
  });

  afterEach(async () => {
    await crowd.close();
    await server.kill();
    await rm(directory, { recursive: true, force: true });
    if (postgres) await sql("truncate notes");
  });

  const sql = async (statement: string) => {
    const options = { url: postgres?.url, directory, schema, log: { info() {}, warn() {}, error() {} } };
    const driver = await openDatabase(options);
    const rows = await inTransaction(driver, "write", (connection) => connection.execute(statement));
    await driver.close();
    return rows;
  };

  /** Everything that was acknowledged is there once, in order, and nothing that was not asked for. */
  const checkStored = async () => {
    await server.kill();
    const rows = (await sql("select id, room, text from notes order by id")) as unknown as (Note & { room: string })[];
    const texts = rows.map(({ text }) => text);
    expect(new Set(texts).size).toBe(texts.length);
    expect(crowd.refused).toEqual([]);
    for (const [name, acknowledged] of crowd.acknowledged) {
      expect(texts.filter((text) => text.startsWith(`${name}.`))).toEqual(acknowledged.sort());
    }
    expect(texts.length).toBe([...crowd.acknowledged.values()].flat().length);
    expect(crowd.showsAll(rows)).toBe(true);
  };

  /** The total is the last thing that changes; it is right when every note is there. */
  const untilAllShow = async (notes: number) => {
    expect(crowd.refused, server.output).toEqual([]);
    await until(() => crowd.members.every(({ total }) => total === notes), BACK_WITHIN).catch((error: unknown) => {
      const totals = Object.entries(Object.groupBy(crowd.members, ({ total }) => total));
      const shown = totals.map(([total, members]) => `${members?.length} show ${total}`).join(", ");
      throw new Error(`Expected ${notes} notes. ${shown}. ${server.output.slice(-2_000)}`, { cause: error });
    });
  };

  test(
    "a server that is killed again and again: what was acknowledged is there once, and everybody sees it",
    TIME,
    async () => {
      const rounds = 3;
      for (let round = 1; round <= rounds; round++) {
        crowd.addAll(round);
        await setTimeout([10, 100, 400][round - 1]);
        await server.kill();
        await server.start();
      }
      const restarted = Date.now();
      await crowd.called();
      await untilAllShow(rounds * CLIENTS);
      expect(Date.now() - restarted).toBeLessThan(BACK_WITHIN);
      await checkStored();
    },
  );

  test("a server that is told to stop finishes what runs, and everybody comes back to the next", TIME, async () => {
    crowd.addAll(1);
    await setTimeout(100);
    expect(await server.stop()).toBe(0);
    await server.start();
    crowd.addAll(2);
    await crowd.called();
    await untilAllShow(2 * CLIENTS);
    await checkStored();
  });

  test.runIf(postgres)(
    "connections to the database that are ended midway lose nothing and repeat nothing",
    TIME,
    async () => {
      for (let round = 1; round <= 4; round++) {
        crowd.addAll(round);
        await setTimeout(100);
        await postgres?.endConnections();
      }
      await crowd.called();
      await untilAllShow(4 * CLIENTS);
      await checkStored();
    },
  );
}

describe("200 clients of a server on PGlite", () => survives());
await describeWithPostgres("200 clients of a server on PostgreSQL", (server) => survives(server));

async function until(isSo: () => boolean, within = 30_000): Promise<void> {
  const tooLate = Date.now() + within;
  while (!isSo()) {
    if (Date.now() > tooLate) throw new Error(`It did not become so within ${within} ms.`);
    await setTimeout(20);
  }
}
