import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe } from "vitest";
import type { Dialect, Driver } from "../../../lib/database/driver/driver.ts";
import { openDatabase } from "../../../lib/database/open-database.ts";
import { openTemporaryDatabase } from "../../../lib/database/temporary-database.ts";
import type { Log } from "../../../lib/environment/environment.ts";
import { startWebsocketProxy, type WebsocketProxy } from "./contract/websocket-proxy.ts";
import { describeWithMysql } from "./with-mysql.ts";
import { describeWithPostgres } from "./with-postgres.ts";

/** The names of the databases in titles of tests and in tables of results. */
export type DatabaseName = "PGlite" | "SQLite" | "PostgreSQL" | "Neon's driver" | "MySQL or MariaDB";

/** A database for one group of tests. Nothing else uses it, and it is deleted after them. */
export interface TestDatabase {
  readonly name: DatabaseName;
  readonly dialect: Dialect;
  /** Opens it as an application does, with the framework's own tables. An embedded database is a new one each time. */
  open(schema: Record<string, unknown>): Promise<Driver>;
  /** The DATABASE_URL of an application that uses it; undefined for PGlite, which has none. */
  url(): Promise<string | undefined>;
}

const log: Log = { info() {}, warn() {}, error() {} };

/**
 * Runs tests on every database. The tests of a server that does not run are skipped, with the reason in their title;
 * with REQUIRE_SERVICES=1 they fail instead.
 */
export async function describeOnEveryDatabase(what: string, tests: (database: TestDatabase) => void): Promise<void> {
  for (const on of Object.values(describeOn)) await on(what, tests);
}

/** Runs tests on one kind of database. */
export const describeOn: Readonly<
  Record<DatabaseName, (what: string, tests: (database: TestDatabase) => void) => Promise<void>>
> = {
  PGlite: async (what, tests) => {
    describe(`${what} on PGlite`, () =>
      tests({
        name: "PGlite",
        dialect: "pg",
        open: (schema) => openTemporaryDatabase({ schema }),
        url: async () => undefined,
      }));
  },

  SQLite: async (what, tests) => {
    describe(`${what} on SQLite`, () => {
      const folders: string[] = [];
      afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));
      tests({
        name: "SQLite",
        dialect: "sqlite",
        open: (schema) => openTemporaryDatabase({ schema }),
        async url() {
          folders.push(await mkdtemp(join(tmpdir(), "convex-lite-")));
          return `file:${join(folders.at(-1) ?? "", "app.sqlite")}`;
        },
      });
    });
  },

  PostgreSQL: (what, tests) =>
    describeWithPostgres(`${what} on PostgreSQL`, ({ url }) =>
      tests({ name: "PostgreSQL", dialect: "pg", open: opener(async () => url), url: async () => url }),
    ),

  "Neon's driver": (what, tests) =>
    describeWithPostgres(`${what} on Neon's driver`, (server) => {
      let proxy: Promise<WebsocketProxy> | undefined;
      afterAll(async () => (await proxy)?.close());
      const url = async (): Promise<string> => {
        proxy ??= startWebsocketProxy();
        const address = new URL(server.url);
        address.searchParams.set("driver", "neon");
        address.searchParams.set("wsproxy", `ws://127.0.0.1:${(await proxy).port}/port-${address.port || 5432}`);
        return address.href;
      };
      tests({ name: "Neon's driver", dialect: "pg", open: opener(url), url });
    }),

  "MySQL or MariaDB": (what, tests) =>
    describeWithMysql(`${what} on MySQL or MariaDB`, ({ url }) =>
      tests({ name: "MySQL or MariaDB", dialect: "mysql", open: opener(async () => url), url: async () => url }),
    ),
};

function opener(url: () => Promise<string>): TestDatabase["open"] {
  return async (schema) => openDatabase({ url: await url(), directory: tmpdir(), schema, log });
}
