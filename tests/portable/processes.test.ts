import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import { freePort, ServerProcess } from "../faults/server-process.ts";
import { type DatabaseName, describeOn, type TestDatabase } from "../support/databases/with-every-database.ts";
import type { TemporaryProject } from "../support/temporary-project.ts";
import { thorough } from "../support/thorough.ts";
import { assemble } from "./assemble.ts";

const tea = { channel: "tea" };
const PER_CLIENT = 30;

function survivesKill(database: TestDatabase): void {
  let project: TemporaryProject;
  let server: ServerProcess;
  let clients: ConvexClient[];

  beforeEach(async () => {
    project = assemble(database.dialect);
    const program = join(import.meta.dirname, "server.ts");
    server = new ServerProcess(await freePort(), project.root, await database.url(), program);
    await server.start();
    clients = ["ada", "ben"].map(() => new ConvexClient(server.url));
  });

  afterEach(async () => {
    for (const client of clients ?? []) await client.close();
    await server?.kill();
    project?.[Symbol.dispose]();
  });

  /** Resolves when a client shows so many messages, with their texts. */
  const shows = (client: ConvexClient, count: number) =>
    new Promise<string[]>((resolve, reject) => {
      client.watchQuery("messages:list", tea, ({ data, error }) => {
        if (error) reject(error);
        const texts = (data as { text: string }[] | undefined)?.map(({ text }) => text) ?? [];
        if (texts.length >= count) resolve(texts);
      });
    });

  test("what two clients call while their server is killed is done once, in order, and both see all of it", async () => {
    const moment = Date.now();
    const say = (name: string, i: number) =>
      clients[name === "ada" ? 0 : 1]?.mutation("messages:send", {
        ...tea,
        author: name,
        text: `${name}.${i}`,
        sentAt: new Date(moment + i),
      });
    const calls = Array.from({ length: PER_CLIENT }, (_, i) => [say("ada", i), say("ben", i)]).flat();
    // Some have been committed, others run or wait.
    await calls[9];
    await server.kill();
    await server.start();
    // Without this they would reconnect after some seconds.
    for (const client of clients) client.refreshIdentity();
    await Promise.all(calls);
    const seen = await Promise.all(clients.map((client) => shows(client, 2 * PER_CLIENT)));
    const wanted = (name: string) => Array.from({ length: PER_CLIENT }, (_, i) => `${name}.${i}`);
    for (const texts of seen) {
      expect(texts).toHaveLength(2 * PER_CLIENT);
      for (const name of ["ada", "ben"]) expect(texts.filter((text) => text.startsWith(name))).toEqual(wanted(name));
    }
    expect(await clients[0]?.query("messages:channels")).toMatchObject([{ ...tea, messages: 2 * PER_CLIENT }]);
  });
}

/** `tests/faults` covers the other databases. */
const shown: readonly DatabaseName[] = ["SQLite", "MySQL or MariaDB"];
for (const [name, on] of Object.entries(describeOn)) {
  if (thorough || shown.includes(name as DatabaseName)) await on("a server of the portable app", survivesKill);
}
