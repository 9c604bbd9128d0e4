import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { Dialect, Driver } from "../../../../lib/database/driver/driver.ts";
import { inTransaction } from "../../../../lib/database/internal/database-lock.ts";
import { internalSql } from "../../../../lib/database/internal/internal-sql.ts";
import { createInternalTables } from "../../../../lib/database/internal/internal-tables.ts";
import { type PushResult, type PushSchemaOptions, pushSchema } from "../../../../lib/schema/push-schema.ts";
import { DrizzleKitProcess } from "../../../../lib/schema/snapshot/drizzle-kit-process.ts";
import { type Schema, type SchemaEdits, schemaEdits } from "./schema-edits.ts";

/** A database and a file `schema.ts` while the suite edits the schema, and what the tests do with both. */
export class SchemaInUse {
  readonly dialect: Dialect;
  readonly edits: SchemaEdits;
  readonly planner = new DrizzleKitProcess();
  /** Opens one more driver on the database. */
  readonly open: () => Promise<Driver>;
  #driver: Driver | undefined;
  #folder: string | undefined;

  constructor(dialect: Dialect, open: () => Promise<Driver>) {
    this.dialect = dialect;
    this.edits = schemaEdits(dialect);
    this.open = open;
  }

  get driver(): Driver {
    if (!this.#driver) throw new Error("The suite opens the driver before its first test.");
    return this.#driver;
  }

  get schemaPath(): string {
    return join(this.folder, "schema.ts");
  }

  get folder(): string {
    if (this.#folder === undefined) throw new Error("The suite makes the folder before its first test.");
    return this.#folder;
  }

  async start(): Promise<void> {
    this.#driver = await this.open();
    await createInternalTables(this.#driver);
    // In the project, so that the schema finds drizzle-orm.
    this.#folder = await mkdtemp(join(process.cwd(), "node_modules", ".schema-"));
  }

  async stop(): Promise<void> {
    this.planner.close();
    await this.#driver?.close();
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }

  /** Empties the database: drops all tables and views, and forgets what was stored of the schema. */
  async reset(): Promise<void> {
    if (this.dialect === "pg") await this.execute("drop schema public cascade", "create schema public");
    else if (this.dialect === "mysql") {
      const all = await this.execute(
        "select concat('`', table_name, '`') as name, table_type as type from information_schema.tables where table_schema = database() and table_name not like '\\_convex\\_lite%'",
      );
      await this.execute(
        "set foreign_key_checks = 0",
        ...all.map((row) => `drop ${row.type === "VIEW" ? "view" : "table"} ${row.name}`),
        "set foreign_key_checks = 1",
      );
    } else {
      const all = await this.execute(
        "select type, name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite%' and name not like '_convex_lite%'",
      );
      await this.execute("select 1", ...all.map((row) => `drop ${row.type} "${row.name}"`));
    }
    await this.forget("version");
  }

  /** Deletes the framework's stored values, except those with these names. */
  async forget(...except: string[]): Promise<void> {
    const { own, quoted } = internalSql[this.dialect];
    const kept = except.map((name) => `'${name}'`).join(", ");
    await this.execute(`delete from ${own("meta")} where ${quoted("key")} not in (${kept})`);
  }

  /** Runs statements in one transaction. @returns the rows of the last one. */
  execute(...statements: string[]): Promise<Record<string, unknown>[]> {
    return inTransaction(this.driver, "define", async (connection) => {
      let found: Record<string, unknown>[] = [];
      for (const statement of statements) found = await connection.execute(statement);
      return found;
    });
  }

  /** Saves a schema and pushes it to the database. */
  save(schema: Schema, more: Pick<PushSchemaOptions, "accept" | "migrations"> = {}): Promise<PushResult> {
    return this.saveText(this.edits.written(schema), more);
  }

  /** Saves the text of a schema and pushes it to the database. */
  async saveText(text: string, more: Pick<PushSchemaOptions, "accept" | "migrations"> = {}): Promise<PushResult> {
    const { driver, schemaPath, planner } = this;
    await writeFile(schemaPath, text);
    return pushSchema({ driver, schemaPath, drizzleKit: planner, ...more });
  }

  /** Writes a migration with these statements for each schema, and the schema's snapshot, as drizzle-kit would. */
  async generate(migrations: string, schemas: readonly Schema[], statements: string[][]): Promise<void> {
    const { dialect } = this;
    await mkdir(join(migrations, "meta"), { recursive: true });
    const entries = schemas.map((_, idx) => ({ idx, version: "7", when: 1_000 + idx, tag: `000${idx}_step` }));
    for (const [i, schema] of schemas.entries()) {
      const schemaPath = join(this.folder, "generated.ts");
      await writeFile(schemaPath, this.edits.written(schema));
      const { snapshots } = await this.planner.read(schemaPath);
      const sql = (statements[i] ?? []).join("\n--> statement-breakpoint\n");
      await writeFile(join(migrations, `000${i}_step.sql`), sql);
      // The snapshots of drizzle-kit's command hold more than those of its API.
      const snapshot = { ...snapshots[dialect], _meta: { schemas: {}, tables: {}, columns: {} } };
      await writeFile(join(migrations, "meta", `000${i}_snapshot.json`), JSON.stringify(snapshot));
    }
    await writeFile(join(migrations, "meta", "_journal.json"), JSON.stringify({ version: "7", dialect, entries }));
  }

  /** Pushes a schema to the empty database, and inserts rows that fit it. */
  async fill(schema: Schema = this.edits.usual): Promise<void> {
    const { usual, rows } = this.edits;
    expect(outcome(await this.save(schema))).toBe("applied");
    const author = schema === usual ? "7" : "1";
    const size = schema === usual ? "1" : "2";
    await this.execute(rows[0] as string);
    await this.execute(
      (rows[1] as string)
        .replace("7", author)
        .replace("1, null", `${size}, null`)
        .replace("('kept', 1, null", `('kept', ${size}, null`),
    );
  }

  /** The names of all tables and views but the framework's and Drizzle's. */
  async tables(): Promise<string[]> {
    const sql = {
      pg: "select table_name as name from information_schema.tables where table_schema = 'public'",
      sqlite: "select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite_%'",
      mysql: "select table_name as name from information_schema.tables where table_schema = database()",
    };
    const names = (await this.execute(sql[this.dialect])).map((row) => String(row.name));
    return names.filter((each) => !each.startsWith("_convex_lite_") && !each.startsWith("__drizzle")).sort();
  }

  async contents(): Promise<unknown> {
    return {
      tables: await this.tables(),
      notes: await this.execute("select * from notes order by id"),
      people: await this.execute("select * from people"),
    };
  }
}

/** The status, or the whole message of a refusal, which then shows in the failure of a test. */
export function outcome(result: PushResult): string {
  return result.status === "refused" ? result.message : result.status;
}
