/**
 * The child process that runs drizzle-kit: it makes the snapshot of a schema, and the statements that change one schema
 * into another. A process of its own, because drizzle-kit takes long to load, asks questions when it has a terminal
 * (here it has none), and writes to the terminal. It never connects to the database.
 */
import { createRequire } from "node:module";
import { basename, dirname } from "node:path";
import { getTableColumns, getTableUniqueName } from "drizzle-orm";
import { CasingCache } from "drizzle-orm/casing";
import { Bundler } from "../../bundling/bundler.ts";
import { ScriptRunner } from "../../bundling/script-runner.ts";
import type { Casing, Dialect } from "../../database/driver/driver.ts";
import { dialectOf, type SchemaDialect, tablesOf } from "../../database/driver/schema-dialect.ts";
import { schemaFingerprint } from "./fingerprint.ts";
import type { SchemaSnapshot } from "./snapshot.ts";

/** A message to the process. */
export type DrizzleKitRequest =
  | { type: "read"; schemaPath: string; casing: Casing | undefined }
  | { type: "plan"; dialect: Dialect; from: SchemaSnapshot; to: SchemaSnapshot };

/** A message of the process. */
export type DrizzleKitReply =
  | ({ type: "schema" } & SchemaRead)
  | { type: "planned"; statements: string[] }
  | { type: "unplanned"; needsAnswer: boolean; message: string };

/** A schema, read from its file. */
export interface SchemaRead {
  /** Undefined when the schema has no tables and so fits every database. */
  dialect: SchemaDialect | undefined;
  /**
   * A snapshot for each dialect that the schema may be of: all when it has no tables, none when it is mixed, otherwise
   * one.
   */
  snapshots: Partial<Record<Dialect, SchemaSnapshot>>;
  /** Fingerprints: equal for equal schemas, and for the snapshots of them that drizzle-kit keeps beside migrations. */
  fingerprints: Partial<Record<Dialect, string>>;
  /**
   * Columns that `.$defaultFn` fills, as `schema.table.column`. Snapshots do not hold this, because databases do not.
   */
  filledByCode: string[];
}

type KitApi = typeof import("drizzle-kit/api");
const kit: KitApi = createRequire(import.meta.url)("drizzle-kit/api");

type ReadRequest = Extract<DrizzleKitRequest, { type: "read" }>;
type Exports = Record<string, unknown>;

const snapshotOf: Record<Dialect, (schema: Exports, casing?: Casing) => Promise<unknown>> = {
  pg: async (schema, casing) => kit.generateDrizzleJson(schema, undefined, undefined, casing),
  sqlite: (schema, casing) => kit.generateSQLiteDrizzleJson(schema, undefined, casing),
  mysql: (schema, casing) => kit.generateMySQLDrizzleJson(schema, undefined, casing),
};

const migrationOf: Record<Dialect, (from: never, to: never) => Promise<string[]>> = {
  pg: kit.generateMigration,
  sqlite: kit.generateSQLiteMigration,
  mysql: kit.generateMySQLMigration,
};

process.on("message", (request: DrizzleKitRequest) => void answer(request).catch(unplanned).then(say));
process.on("disconnect", () => process.exit());

function say(reply: DrizzleKitReply): void {
  process.send?.(reply);
}

async function answer(request: DrizzleKitRequest): Promise<DrizzleKitReply> {
  if (request.type === "read") return { type: "schema", ...(await read(request)) };
  const { dialect, from, to } = request;
  return { type: "planned", statements: await migrationOf[dialect](from as never, to as never) };
}

async function read({ schemaPath, casing }: ReadRequest): Promise<SchemaRead> {
  const schema = await load(schemaPath);
  const hasTables = dialectOf(schema, "pg") === dialectOf(schema, "mysql");
  const dialect = hasTables ? dialectOf(schema) : undefined;
  const possible: Dialect[] = dialect === undefined ? ["pg", "sqlite", "mysql"] : dialect === "mixed" ? [] : [dialect];
  const snapshots: Partial<Record<Dialect, SchemaSnapshot>> = {};
  const fingerprints: Partial<Record<Dialect, string>> = {};
  for (const each of possible) {
    const snapshot = (await snapshotOf[each](schema, casing)) as SchemaSnapshot;
    snapshots[each] = snapshot;
    fingerprints[each] = schemaFingerprint(snapshot);
  }
  return { dialect, snapshots, fingerprints, filledByCode: filledByCode(schema, casing) };
}

function filledByCode(schema: Exports, casing: Casing | undefined): string[] {
  const names = new CasingCache(casing);
  return tablesOf(schema).flatMap((table) =>
    Object.values(getTableColumns(table))
      .filter((column) => column.defaultFn !== undefined)
      .map((column) => `${getTableUniqueName(table)}.${names.getColumnCasing(column)}`),
  );
}

const readers = new Map<string, () => Promise<Exports>>();

/** Runs the schema's file as the functions' loader does, and returns its exports. */
async function load(schemaPath: string): Promise<Exports> {
  const read = readers.get(schemaPath) ?? readerOf(schemaPath);
  readers.set(schemaPath, read);
  return (await read()).schema as Exports;
}

function readerOf(schemaPath: string): () => Promise<Exports> {
  const directory = dirname(schemaPath);
  const place = { directory, root: directory };
  const runner = new ScriptRunner(place);
  const entry = () =>
    `import * as all from ${JSON.stringify(`./${basename(schemaPath)}`)}; export const schema = { ...all };`;
  const bundler = new Bundler({ place, packages: runner.packages, entry });
  return async () => runner.run(await bundler.bundle());
}

/** The reply for an error. Without a terminal, drizzle-kit fails where it would ask whether something was renamed. */
function unplanned(error: unknown): DrizzleKitReply {
  const message = error instanceof Error ? error.message : String(error);
  return { type: "unplanned", needsAnswer: message.includes("Interactive prompts require a TTY"), message };
}
