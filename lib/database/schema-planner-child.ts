/**
 * The process that asks drizzle-kit what a database lacks. Apart, because drizzle-kit takes long to load, asks questions
 * at the terminal when it has one (here it has none), and writes to it as it likes. It reaches the database only by asking
 * the process that started it, which alone may open an embedded one.
 */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import vm from "node:vm";
import { is, type SQL, Table } from "drizzle-orm";
import { getTableConfig, isPgSchema, PgDialect, PgTable } from "drizzle-orm/pg-core";
import { build } from "esbuild";
import { schemaFingerprint } from "./schema-fingerprint.ts";

/** What the process is told. */
export type PlannerRequest =
  | { type: "plan"; schemaPath: string }
  | { type: "rows"; query: number; rows: unknown[] }
  | { type: "failed"; query: number; message: string };

/** What it says. */
export type PlannerReply =
  | { type: "query"; query: number; sql: string }
  | ({ type: "planned" } & SchemaPlan)
  | { type: "unplanned"; needsAnswer: boolean; message: string };

/** What would bring a database in line with a schema. */
export interface SchemaPlan {
  /** In order; empty when the database is in line. Whether they lose data was not looked at. */
  statements: string[];
  /** The tables of the schema, as SQL names them: `"public"."messages"`. */
  tables: string[];
  /** Equal for equal schemas, and for the snapshots that drizzle-kit keeps of them beside its migrations. */
  fingerprint: string;
}

type KitApi = typeof import("drizzle-kit/api");
const kit: KitApi = createRequire(import.meta.url)("drizzle-kit/api");

const dialect = new PgDialect();
const asked = new Map<number, { resolve(rows: unknown[]): void; reject(error: Error): void }>();

process.on("message", (request: PlannerRequest) => {
  if (request.type === "plan") void plan(request.schemaPath).then(say, (error: unknown) => say(unplanned(error)));
  else {
    const question = asked.get(request.query);
    asked.delete(request.query);
    if (request.type === "rows") question?.resolve(request.rows);
    else question?.reject(new Error(request.message));
  }
});
process.on("disconnect", () => process.exit());

function say(reply: PlannerReply): void {
  process.send?.(reply);
}

async function plan(schemaPath: string): Promise<PlannerReply> {
  const schema = await load(schemaPath);
  const fingerprint = schemaFingerprint({ ...kit.generateDrizzleJson(schema) });
  const tables = Object.values(schema).filter((value): value is PgTable => is(value, Table) && is(value, PgTable));
  // With these filters drizzle-kit sees the schema's own tables and nothing else, so that it drops nobody's.
  const visible = tables.length > 0 ? tables.map((table) => getTableConfig(table).name) : ["!*"];
  const database = { execute } as unknown as Parameters<KitApi["pushSchema"]>[1];
  const { statementsToExecute } = await kit.pushSchema(schema, database, schemasOf(schema, tables), visible);
  return { type: "planned", statements: statementsToExecute, tables: tables.map(sqlName), fingerprint };
}

/** The exports of the schema as its file is now. Packages stay outside of the bundle. */
async function load(schemaPath: string): Promise<Record<string, unknown>> {
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
  const module = { exports: {} as Record<string, unknown> };
  const code = built.outputFiles[0]?.text ?? "";
  const evaluate = vm.compileFunction(code, ["module", "exports", "require"], { filename: schemaPath });
  evaluate(module, module.exports, createRequire(schemaPath));
  return module.exports;
}

function schemasOf(schema: Record<string, unknown>, tables: PgTable[]): string[] {
  const named = Object.values(schema).filter(isPgSchema);
  const names = [
    ...named.map((each) => each.schemaName),
    ...tables.map((table) => getTableConfig(table).schema ?? "public"),
  ];
  return [...new Set(["public", ...names])];
}

function sqlName(table: PgTable): string {
  const { schema = "public", name } = getTableConfig(table);
  return `${quoted(schema)}.${quoted(name)}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * What drizzle-kit uses of a Drizzle database. It counts rows to decide whether to truncate a table or to ask, and does
 * neither when there are none: what a statement would do to rows is judged elsewhere, over all statements alike.
 */
function execute(statement: SQL): Promise<{ rows: unknown[] }> {
  const { sql } = dialect.sqlToQuery(statement);
  if (/^select count\(\*\) as count from/i.test(sql)) return Promise.resolve({ rows: [{ count: "0" }] });
  const query = nextQuery();
  const rows = new Promise<unknown[]>((resolve, reject) => asked.set(query, { resolve, reject }));
  say({ type: "query", query, sql });
  return rows.then((all) => ({ rows: all }));
}

/** Unique among the questions under way. */
function nextQuery(): number {
  return Math.max(0, ...asked.keys()) + 1;
}

function unplanned(error: unknown): PlannerReply {
  const message = error instanceof Error ? error.message : String(error);
  return { type: "unplanned", needsAnswer: message.includes("Interactive prompts require a TTY"), message };
}
