import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Script } from "../../bundling/script-runner.ts";
import type { Casing } from "../../database/driver/driver.ts";
import { invocationOf } from "../../project/package-manager.ts";
import { drizzleConfigIn } from "../../schema/migrations/drizzle-config.ts";
import { scanFunctions } from "./scan-functions.ts";

/** The functions of the project as one script, which `convex-lite build` makes and a production server runs. */
export interface BuiltFunctions extends Script {
  /** How `drizzle.config.ts` names columns without a name of their own. Undefined: as in the schema. */
  readonly casing?: Casing | undefined;
  /**
   * The fingerprint of what they were made of: a hash of each file of the functions, of the schema, of what these import,
   * and of drizzle-kit's configuration, by its path relative to the project.
   */
  readonly sources: Readonly<Record<string, string>>;
}

/** In production the functions were not built, or not as they are saved now. The message says what to do. */
export class NotBuiltError extends Error {
  override name = "NotBuiltError";
}

/** The number of the format of the files. A server runs only what was built in its own. */
const FORMAT = 1;

/** Where the files are, in the project. `next build` empties `.next`, so a failed build leaves none of an earlier one. */
const FOLDER = ".next/convex-lite";
const CODE = "functions.js";
const MAP = "functions.js.map";
const ABOUT = "functions.json";

/** Writes `.next/convex-lite/functions.js`, its source map, and what is known of them. */
export function writeBuilt(root: string, { code, map, ...about }: BuiltFunctions): void {
  const folder = join(root, FOLDER);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, CODE), code);
  writeFileSync(join(folder, MAP), map);
  // Last, because the others are read only if this one is there.
  writeFileSync(join(folder, ABOUT), `${JSON.stringify({ format: FORMAT, ...about }, null, 2)}\n`);
}

/**
 * Reads what `convex-lite build` wrote. The sources of the functions need not be there. If they are, they must be those of
 * the build: people would look for the behaviour of a server in files that it does not run.
 * @param directory The absolute path of `convex/`.
 * @throws {NotBuiltError} when there is nothing, or the sources have changed.
 */
export async function readBuilt(root: string, directory: string): Promise<BuiltFunctions> {
  const found = read(root, directory);
  if (typeof found !== "string") return found;
  throw new NotBuiltError(`${found} Run \`${invocationOf("convex-lite build", root)}\`, and start again.`);
}

/** @returns a text when there is nothing to run: why. */
function read(root: string, directory: string): BuiltFunctions | string {
  const folder = join(root, FOLDER);
  const text = (name: string) => readFileSync(join(folder, name), "utf8");
  if (!existsSync(join(folder, ABOUT))) return "The functions in convex/ have not been built.";
  const { format, ...about } = JSON.parse(text(ABOUT)) as { format: number } & Omit<BuiltFunctions, "code" | "map">;
  if (format !== FORMAT) return `The functions in ${FOLDER} were built by another version of convex-lite.`;
  const change = changeSince(about.sources, root, directory);
  return change === undefined
    ? { ...about, code: text(CODE), map: text(MAP) }
    : `${change} after the functions were built.`;
}

/** The hashes of files, which are given by their paths relative to the project. */
export function hashesOf(files: readonly string[], root: string): Record<string, string> {
  return Object.fromEntries(files.toSorted().map((file) => [file, hashOf(join(root, file))]));
}

function hashOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("base64");
}

/**
 * The first difference between the sources and those of the build. Undefined if there is none, and if `convex/` holds no
 * functions here. A file that functions import from elsewhere may be missing: then nothing is known of it.
 */
function changeSince(sources: BuiltFunctions["sources"], root: string, directory: string): string | undefined {
  const found = sourcesNow(root, directory);
  if (found.length === 0) return undefined;
  const added = found.find((file) => !Object.hasOwn(sources, file));
  if (added !== undefined) return `${added} was added`;
  const functions = `${pathIn(root, directory)}/`;
  for (const [file, hash] of Object.entries(sources)) {
    const isThere = existsSync(join(root, file));
    if (!isThere && file.startsWith(functions)) return `${file} was removed`;
    if (isThere && hashOf(join(root, file)) !== hash) return `${file} was changed`;
  }
  return undefined;
}

/** The files of the functions and the schema, and drizzle-kit's configuration. */
function sourcesNow(root: string, directory: string): string[] {
  if (!existsSync(directory)) return [];
  const { files, hasSchema } = scanFunctions(directory);
  const names = [...files.values(), ...(hasSchema ? ["schema.ts"] : [])];
  if (names.length === 0) return [];
  return [...names.map((name) => `${pathIn(root, directory)}/${name}`), ...drizzleConfigIn(root)];
}

function pathIn(root: string, path: string): string {
  return relative(root, path).split(sep).join("/");
}
