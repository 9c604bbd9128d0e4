import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileOf } from "../../database/driver/database-url.ts";
import { dialectOf } from "../../database/driver/schema-dialect.ts";
import { embeddedDirectory, embeddedFile, openDriver } from "../../database/open-database.ts";
import type { Log } from "../../environment/environment.ts";
import { FunctionLoader } from "../../node/loading/load-functions.ts";
import { checkPort, notedServers } from "../../node/process/port.ts";
import { isOtherProcess, readServerFile } from "../../node/process/server-file.ts";
import { foreseeSettings, SettingsError } from "../../node/process/settings.ts";
import { invocationOf } from "../../project/package-manager.ts";
import { readMigrations } from "../../schema/migrations/migration-files.ts";
import { missingMigration } from "../../schema/migrations/missing-migration.ts";
import { type Check, error, ok, type Project, warning } from "./finding.ts";
import { installed } from "./installed.ts";

const silent: Log = { info() {}, warn() {}, error() {} };

/** Opens the database that a server would open, unless that would create one or a server has it. */
export const database: Check = async ({ root, add, invocation }) => {
  const { databaseUrl: url } = foreseeSettings(root);
  const directory = join(root, ".convex");
  const loader = new FunctionLoader("convex", root);
  try {
    const { schema } = await loader.load();
    const dialect = dialectOf(schema);
    const file = url?.startsWith("file:") ? fileOf(url) : undefined;
    if (url === undefined) {
      const missing = driversOf(dialect).filter((name) => !installed(name, root));
      if (missing.length > 0) {
        return [
          error("database", `the embedded database needs ${missing.join(" and ")}`, `Run ${add} ${missing.join(" ")}.`),
        ];
      }
      const isMade = existsSync(dialect === "sqlite" ? embeddedFile(directory) : embeddedDirectory(directory));
      if (!isMade) return [ok("database", `embedded; ${invocation} dev makes it`)];
      const server = serverOf(root);
      if (server !== undefined)
        return [ok("database", `embedded; the server of this project has it (process ${server})`)];
    } else if (file !== undefined && !existsSync(file)) return [ok("database", `${file}; ${invocation} dev makes it`)];
    const driver = await openDriver({ url, directory, schema, log: silent });
    const { description } = driver;
    await driver.close();
    return [ok("database", description)];
  } finally {
    await loader.close();
  }
};

function driversOf(dialect: ReturnType<typeof dialectOf>): string[] {
  if (dialect === "sqlite") return ["better-sqlite3"];
  return dialect === "pg" ? ["@electric-sql/pglite", "pg"] : [];
}

/** Production changes no tables but by migrations. */
export const migrations: Check = async ({ root, add }) => {
  const folder = join(root, "drizzle");
  const schema = join(root, "convex", "schema.ts");
  if (!existsSync(schema)) return [ok("migrations", "there is no convex/schema.ts, so there is nothing to migrate")];
  if (!installed("drizzle-kit", root)) {
    return [
      warning(
        "migrations",
        "drizzle-kit is not installed: the database cannot follow the schema",
        `Run ${add} -D drizzle-kit.`,
      ),
    ];
  }
  const hasNone = readMigrations(folder).length === 0;
  const isMissing = (await missingMigration(schema, folder)) !== undefined;
  if (!isMissing) return [ok("migrations", "drizzle/ makes the tables in convex/schema.ts")];
  return [
    warning(
      "migrations",
      hasNone
        ? "there are none in drizzle/ yet, and production makes no tables without them"
        : "convex/schema.ts has changes that drizzle/ does not make, and production makes none without it",
      `Before the next deploy, run ${invocationOf("drizzle-kit generate", root)}, and commit what it writes.`,
    ),
  ];
};

/** The port of the next server. */
export const port: Check = async ({ root }) => {
  const { host, port } = foreseeSettings(root);
  try {
    await checkPort({ host, port });
    return [ok("port", `${port} on ${host} is free`)];
  } catch (thrown) {
    if (!(thrown instanceof SettingsError)) throw thrown;
    const server = serverOf(root);
    if (server !== undefined) return [ok("port", `the server of this project listens (process ${server})`)];
    return [warning("port", `${port} on ${host} cannot be had`, thrown.message)];
  }
};

/** The process of a server of this project that runs. */
function serverOf(root: Project["root"]): number | undefined {
  const directory = join(root, ".convex");
  const facts = readServerFile(directory);
  return facts && isOtherProcess(facts.pid) ? facts.pid : notedServers(directory)[0]?.pid;
}
