import { describe, expect, onTestFinished, test } from "vitest";
import { createInternalTables } from "../../lib/database/internal/internal-tables.ts";
import { openDatabase } from "../../lib/database/open-database.ts";
import { createTables } from "../../lib/schema/create-tables.ts";
import { World } from "../../lib/testing/world.ts";
import { startWebsocketProxy } from "../support/databases/contract/websocket-proxy.ts";
import { patientLimits } from "../support/patience.ts";
import { thorough } from "../support/thorough.ts";
import { api, counting, schemas } from "./counters.ts";
import { mariadbPrograms, OwnServer, postgresPrograms, type ServerPrograms } from "./own-server.ts";

const log = { info() {}, warn() {}, error() {} };
const name = "the counter";
const MUTATIONS = 200;

/** @param viaOther The address by which another driver reaches the server. */
function survivesItsServer(
  database: string,
  schema: Record<string, unknown>,
  programs: ServerPrograms | undefined,
  viaOther: (server: OwnServer) => Promise<{ url: string; close(): Promise<void> }>,
): void {
  const reason = thorough ? "its programs are not on this machine" : "`pnpm test:databases` runs it";
  const title = programs && thorough ? database : `${database} (skipped: ${reason})`;
  describe.skipIf(!programs || !thorough)(`a server of ${title}`, () => {
    test("that is killed and started anew while clients count: each increment counts once, and all clients see it", async () => {
      const server = await OwnServer.start(programs as ServerPrograms);
      onTestFinished(() => server[Symbol.asyncDispose]());
      const { url, close } = await viaOther(server);
      const driver = await openDatabase({ url, directory: "", schema, log });
      await createInternalTables(driver);
      await createTables(driver, schema);
      {
        await using here = new World(
          { functions: { counters: counting(schema as typeof schemas.pg) }, schema, limits: patientLimits },
          driver,
        );
        const [alice, bob] = [here.connect("alice"), here.connect("bob")];
        let shown: number | undefined;
        bob.watchQuery(api.counters.get, { name }, ({ data }) => {
          shown = data ?? shown;
        });
        const counted: number[] = [];
        const sent = (async () => {
          for (let i = 0; i < MUTATIONS; i++) counted.push(await alice.mutation(api.counters.increment, { name }));
        })();
        const passing = passTime(here, sent);
        for (const share of [0.25, 0.5, 0.75]) {
          await expect.poll(() => counted.length, { interval: 5 }).toBeGreaterThan(MUTATIONS * share);
          await server.kill();
          await server.start();
        }
        await sent;
        await passing;
        expect(counted).toEqual(Array.from({ length: MUTATIONS }, (_, i) => i + 1));
        await here.advance(5_000);
        expect(shown).toBe(MUTATIONS);
        expect(await alice.query(api.counters.get, { name })).toBe(MUTATIONS);
      }
      await close();
    });
  });
}

/** The world's clock goes as the machine's does. */
async function passTime({ clock }: World, isOver: Promise<unknown>): Promise<void> {
  let over = false;
  void isOver.then(() => {
    over = true;
  });
  for (let before = performance.now(); !over; ) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    const passed = Math.floor(performance.now() - before);
    clock.advance(passed);
    before += passed;
  }
}

const directly = async ({ url }: OwnServer) => ({ url, close: async () => {} });

survivesItsServer("PostgreSQL", schemas.pg, postgresPrograms(), directly);
survivesItsServer("MySQL or MariaDB", schemas.mysql, mariadbPrograms(), directly);
survivesItsServer("PostgreSQL by Neon's driver", schemas.pg, postgresPrograms(), async (server) => {
  const proxy = await startWebsocketProxy();
  const wsproxy = `ws://127.0.0.1:${proxy.port}/port-${server.port}`;
  return { url: `${server.url}?driver=neon&wsproxy=${wsproxy}`, close: () => proxy.close() };
});
