import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import type { Dialect, Driver } from "../../lib/database/driver/driver.ts";
import { inTransaction } from "../../lib/database/internal/database-lock.ts";
import { openDatabase } from "../../lib/database/open-database.ts";
import { isEmbedded } from "../../lib/database/pglite/embedded-driver.ts";
import { PortStream } from "../../lib/database/pglite/port-stream.ts";
import { FIRST_ID, messageIn } from "../functions/conversation.ts";
import { onDialect } from "../functions/on-dialect.ts";
import * as schema from "../functions/schema.ts";
import { log } from "./control.ts";

/** The database of a server under test: an embedded one in this directory, or the one at this address. */
export interface DatabasePlace {
  directory: string;
  url?: string | undefined;
  /** Default: `pg`. */
  dialect?: Dialect;
  /** The statements that create the tables. They are not generated in the server, whose memory that would increase. */
  tables: readonly string[];
}

/** Opens an empty database and creates the tables. */
export async function openBenchDatabase({ directory, url, dialect, tables }: DatabasePlace): Promise<Driver> {
  const { schema } = onDialect(dialect ?? "pg");
  const driver = await openDatabase({ url, directory, schema, log });
  await inTransaction(driver, "write", async (connection) => {
    for (const statement of tables) await connection.execute(statement);
    await connection.execute(sqlOf(driver.dialect).startIds);
  });
  return driver;
}

/** The file of a place whose database is SQLite. */
export function fileOfPlace({ url = "" }: Pick<DatabasePlace, "url">): string {
  return url.slice("file:".length);
}

/** What the bench writes by itself, in one dialect. */
function sqlOf(dialect: Dialect): { startIds: string; seed: string; analyze: string } {
  if (dialect === "sqlite") {
    return {
      startIds: `insert into sqlite_sequence (name, seq) values ('messages', ${FIRST_ID - 1})`,
      seed: `with recursive
        channels(channel) as (select 0 union all select channel + 1 from channels where channel < $4 - 1),
        rows(row) as (select 1 union all select row + 1 from rows where row < $5)
        insert into messages (channel, author, text, created_at)
        select $1 || cast(channel as integer), $2, $3, cast(unixepoch('subsec') * 1000 as integer) - 3600000 + row from channels, rows`,
      analyze: "select 1",
    };
  }
  return {
    startIds: `alter table messages alter column id restart with ${FIRST_ID}`,
    seed: `insert into messages (channel, author, text, created_at)
       select $1 || channel, $2, $3, now() - interval '1 hour' + row * interval '1 millisecond'
       from generate_series(0, $4::int - 1) channel, generate_series(1, $5::int) row`,
    analyze: "analyze messages",
  };
}

export interface Seeding {
  /** Channels are named `<prefix>0`, `<prefix>1` … */
  prefix: string;
  channels: number;
  rows: number;
}

/** Fills channels with rows of the usual length. They must not have subscribers yet. */
export async function seed(driver: Driver, { prefix, channels, rows }: Seeding): Promise<void> {
  const { author, text } = messageIn(`${prefix}0`);
  await inTransaction(driver, "write", async (connection) => {
    const sql = sqlOf(driver.dialect);
    await connection.execute(sql.seed, [prefix, author, text, channels, rows]);
    await connection.execute(sql.analyze);
  });
}

/** The database without the framework: Drizzle with a pool of its own, as an application would open it by itself. */
export function drizzleBeside(driver: Driver, { url }: Pick<DatabasePlace, "url">) {
  if (!isEmbedded(driver)) return drizzle(new pg.Pool({ connectionString: url, max: 10 }), { schema });
  const stream = () => new PortStream(() => driver.openPort()) as never;
  const pool = new pg.Pool({ max: 2, user: "postgres", database: "postgres", idleTimeoutMillis: 0, stream });
  return drizzle(pool, { schema });
}
