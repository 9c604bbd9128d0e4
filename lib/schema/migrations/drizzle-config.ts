import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { Bundler } from "../../bundling/bundler.ts";
import { LoadError, type LoadProblem } from "../../bundling/load-error.ts";
import { ScriptRunner } from "../../bundling/script-runner.ts";
import type { Casing } from "../../database/driver/driver.ts";
import { OWN_PREFIX } from "../../database/internal/internal-sql.ts";
import { invocationOf } from "../../project/package-manager.ts";

/** What `drizzle.config.ts` says that concerns more than drizzle-kit. */
export interface DrizzleConfig {
  /** How columns without a name of their own are named in the database. Undefined: as in the schema. */
  casing: Casing | undefined;
  /** Options by which drizzle-kit does something else than development and `start`. */
  remarks: readonly LoadProblem[];
}

/** Where drizzle-kit looks for its configuration, in this order. */
const NAMES = ["drizzle.config.json", "drizzle.config.ts", "drizzle.config.js"];

/** The name of drizzle-kit's configuration in the project's folder: one, or none. */
export function drizzleConfigIn(root: string): string[] {
  return NAMES.filter((name) => existsSync(resolve(root, name))).slice(0, 1);
}

/**
 * Reads drizzle-kit's configuration. One that does not load is a remark, as drizzle-kit may never be run here.
 * @param root The absolute path of the project's folder.
 */
export async function readDrizzleConfig(root: string): Promise<DrizzleConfig> {
  const [name] = drizzleConfigIn(root);
  if (name === undefined) return { casing: undefined, remarks: [] };
  const place = { directory: root, root };
  const runner = new ScriptRunner(place);
  const bundler = new Bundler({
    place,
    packages: runner.packages,
    entry: () => `import * as all from "./${name}"; export const config = { ...all };`,
    standIns,
  });
  try {
    const { config } = (await runner.run(await bundler.bundle())) as { config: { default?: Options } };
    const options = config.default ?? {};
    const { casing } = options;
    return {
      casing: casing === "snake_case" || casing === "camelCase" ? casing : undefined,
      remarks: remarksOn(options, root).map((remark) => ({ message: `${name}: ${remark}` })),
    };
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    const message = `${name} cannot be read, so columns are named as if it had no \`casing\`. ${error.message}`;
    return { casing: undefined, remarks: [{ message }] };
  } finally {
    await bundler.dispose();
  }
}

/** Where the database is does not matter here, and drizzle-kit may be missing in production. */
const standIns = {
  "drizzle-kit": "export const defineConfig = (config) => config;",
  "convex-lite/drizzle-kit": "export const credentialsForDrizzleKit = () => ({});",
};

interface Options {
  casing?: unknown;
  schema?: string | string[];
  out?: string;
  tablesFilter?: string | string[];
  schemaFilter?: string | string[];
  migrations?: { table?: string; schema?: string };
}

function remarksOn({ schema, out, tablesFilter, schemaFilter, migrations }: Options, root: string): string[] {
  const own = resolve(root, "convex/schema.ts");
  const others = listOf(schema).filter((file) => resolve(root, file) !== own);
  const filters = [...listOf(tablesFilter), ...listOf(schemaFilter)].filter(
    (filter) => filter !== `!${OWN_PREFIX}*` && filter !== "public",
  );
  return [
    ...(others.length === 0
      ? []
      : [
          `its schema is also ${others.join(", ")}, but the tables of the application are the exports of ` +
            "convex/schema.ts. Re-export them there, and let `schema` name that file only.",
        ]),
    ...(out === undefined || resolve(root, out) === resolve(root, "drizzle")
      ? []
      : [
          `it writes migrations to ${relative(root, resolve(root, out))}/, but \`${invocationOf("convex-lite start", root)}\` runs those in drizzle/. ` +
            "Remove `out`, and move them there.",
        ]),
    ...(filters.length === 0
      ? []
      : [
          `it leaves out tables (${filters.join(", ")}), but development changes every table of convex/schema.ts. ` +
            "Remove the filter, or take these tables out of the schema.",
        ]),
    ...(isUsual(migrations)
      ? []
      : ["it records migrations in a table of another name, where production does not look. Remove `migrations`."]),
  ];
}

function isUsual({ table = "__drizzle_migrations", schema = "drizzle" }: Options["migrations"] = {}): boolean {
  return table === "__drizzle_migrations" && schema === "drizzle";
}

function listOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}
