/**
 * The process that asks drizzle-kit what a schema is and how one becomes another. Apart, because drizzle-kit takes long
 * to load, asks questions at the terminal when it has one (here it has none), and writes to it as it likes. It never
 * reaches the database.
 */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import vm from "node:vm";
import { getTableColumns, getTableUniqueName } from "drizzle-orm";
import { build } from "esbuild";
import type { Dialect } from "../../database/driver/driver.ts";
import { dialectOf, type SchemaDialect, tablesOf } from "../../database/driver/schema-dialect.ts";
import { schemaFingerprint } from "./fingerprint.ts";
import type { SchemaSnapshot } from "./snapshot.ts";

/** What the process is told. */
export type DrizzleKitRequest =
  | { type: "read"; schemaPath: string }
  | { type: "plan"; dialect: Dialect; from: SchemaSnapshot; to: SchemaSnapshot };

/** What it says. */
export type DrizzleKitReply =
  | ({ type: "schema" } & SchemaRead)
  | { type: "planned"; statements: string[] }
  | { type: "unplanned"; needsAnswer: boolean; message: string };

/** A schema as its file is now. */
export interface SchemaRead {
  /** Undefined when it has no tables: it fits every database. */
  dialect: SchemaDialect | undefined;
  /** One for each dialect that it may be of: one, unless it has no tables or is mixed. */
  snapshots: Partial<Record<Dialect, SchemaSnapshot>>;
  /** Equal for equal schemas, and for the snapshots that drizzle-kit keeps of them beside its migrations. */
  fingerprints: Partial<Record<Dialect, string>>;
  /** Columns that `.$defaultFn` fills, as `schema.table.column`: of them the database, and so a snapshot, knows nothing. */
  filledByCode: string[];
}

type KitApi = typeof import("drizzle-kit/api");
const kit: KitApi = createRequire(import.meta.url)("drizzle-kit/api");

type Exports = Record<string, unknown>;

const snapshotOf: Record<Dialect, (schema: Exports) => Promise<unknown>> = {
  pg: async (schema) => kit.generateDrizzleJson(schema),
  sqlite: (schema) => kit.generateSQLiteDrizzleJson(schema),
  mysql: (schema) => kit.generateMySQLDrizzleJson(schema),
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
  if (request.type === "read") return { type: "schema", ...(await read(request.schemaPath)) };
  const { dialect, from, to } = request;
  return { type: "planned", statements: await migrationOf[dialect](from as never, to as never) };
}

async function read(schemaPath: string): Promise<SchemaRead> {
  const schema = await load(schemaPath);
  const hasTables = dialectOf(schema, "pg") === dialectOf(schema, "mysql");
  const dialect = hasTables ? dialectOf(schema) : undefined;
  const possible: Dialect[] = dialect === undefined ? ["pg", "sqlite", "mysql"] : dialect === "mixed" ? [] : [dialect];
  const snapshots: Partial<Record<Dialect, SchemaSnapshot>> = {};
  const fingerprints: Partial<Record<Dialect, string>> = {};
  for (const each of possible) {
    const snapshot = (await snapshotOf[each](schema)) as SchemaSnapshot;
    snapshots[each] = snapshot;
    fingerprints[each] = schemaFingerprint(snapshot);
  }
  return { dialect, snapshots, fingerprints, filledByCode: filledByCode(schema) };
}

function filledByCode(schema: Exports): string[] {
  return tablesOf(schema).flatMap((table) =>
    Object.values(getTableColumns(table))
      .filter((column) => column.defaultFn !== undefined)
      .map((column) => `${getTableUniqueName(table)}.${column.name}`),
  );
}

/** The exports of the schema as its file is now. Packages stay outside of the bundle. */
async function load(schemaPath: string): Promise<Exports> {
  const built = await build({
    entryPoints: [schemaPath],
    absWorkingDir: dirname(schemaPath),
    bundle: true,
    packages: "external",
    format: "cjs",
    platform: "node",
    write: false,
    logLevel: "silent",
  });
  const module = { exports: {} as Exports };
  const code = built.outputFiles[0]?.text ?? "";
  const evaluate = vm.compileFunction(code, ["module", "exports", "require"], { filename: schemaPath });
  evaluate(module, module.exports, createRequire(schemaPath));
  return module.exports;
}

/** Without a terminal drizzle-kit fails where it would ask whether something was renamed. */
function unplanned(error: unknown): DrizzleKitReply {
  const message = error instanceof Error ? error.message : String(error);
  return { type: "unplanned", needsAnswer: message.includes("Interactive prompts require a TTY"), message };
}
