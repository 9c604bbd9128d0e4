import { integer, sqliteTable } from "drizzle-orm/sqlite-core";
import { followsSchema } from "./contract/follows-schema.ts";
import { openMysql } from "./mysql.ts";
import { openPostgres } from "./postgres.ts";
import { openTemporary } from "./temporary.ts";
import { describeWithMysql } from "./with-mysql.ts";
import { describeWithPostgres } from "./with-postgres.ts";

const log = { info() {}, warn() {}, error() {} };

followsSchema("PGlite", "pg", () => openTemporary({ schema: {} }));
followsSchema("SQLite", "sqlite", () => openTemporary({ schema: { a: sqliteTable("a", { id: integer() }) } }));
await describeWithPostgres("PostgreSQL", (server) => {
  followsSchema("PostgreSQL", "pg", () => openPostgres({ url: server.url, schema: {}, log }));
});
await describeWithMysql("MySQL or MariaDB", (server) => {
  followsSchema("MySQL or MariaDB", "mysql", () => openMysql({ url: server.url, schema: {}, log }));
});
