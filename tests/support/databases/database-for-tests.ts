import { getTableName, is, Table } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Driver } from "../../../lib/database/driver/driver.ts";
import { inTransaction } from "../../../lib/database/internal/database-lock.ts";
import { internalSql } from "../../../lib/database/internal/internal-sql.ts";
import { openTemporaryDatabase } from "../../../lib/database/temporary-database.ts";
import { createTables } from "../../../lib/schema/create-tables.ts";
import { keptOpen } from "../kept-open.ts";

/** The database of a group of tests: opening one for each of them would take longer than the tests. */
export class DatabaseForTests {
  readonly #schema: Record<string, unknown>;
  #opened: Driver | undefined;

  /**
   * Call it in the group. The database is opened before its tests, with the tables of the schema and the framework's own;
   * it is empty before each test, and closed after the last.
   * @param open Default: opens a temporary embedded database.
   * @param prepare Makes the tables of the schema.
   */
  constructor(
    schema: Record<string, unknown>,
    open = () => openTemporaryDatabase({ schema }),
    prepare: (driver: Driver) => Promise<unknown> = (driver) => createTables(driver, schema),
  ) {
    this.#schema = schema;
    beforeAll(async () => {
      this.#opened = await open();
      await prepare(this.#opened);
    });
    beforeEach(() => this.#empty());
    afterAll(() => this.#opened?.close());
  }

  /** The database, for one test: closing it does nothing. */
  get driver(): Driver {
    return keptOpen(this.#driver);
  }

  /** Runs one statement in a transaction of its own. */
  run(sql: string): Promise<Record<string, unknown>[]> {
    return inTransaction(this.#driver, "write", (connection) => connection.execute(sql));
  }

  get #driver(): Driver {
    if (!this.#opened) throw new Error("Expected a database that is open. It is opened before the first test.");
    return this.#opened;
  }

  async #empty(): Promise<void> {
    const { quoted, own } = internalSql[this.#driver.dialect];
    const tables = Object.values(this.#schema).filter((table) => is(table, Table));
    for (const name of [...tables.map((table) => quoted(getTableName(table))), own("sessions")]) {
      await this.run(`delete from ${name}`);
    }
  }
}
