import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { LoadError, type LoadProblem } from "../../bundling/load-error.ts";

/** The contents of `convex/`. */
export interface FunctionsFolder {
  /** The paths of modules that may hold functions, sorted: `messages`, `admin/users` (no ending, `/` on every system). */
  modules: string[];
  /** The file of each of them, relative to `convex/`. */
  files: ReadonlyMap<string, string>;
  /** Whether there is a `schema.ts` at the top. */
  hasSchema: boolean;
  /** Files that look as if they were to be read, and are not. */
  notRead: readonly LoadProblem[];
}

/** Endings of files that hold no functions. */
const HOLDS_NO_FUNCTIONS = /\.(test|test-d|d)\.[cm]?[jt]sx?$/;
/** Endings of files that may hold functions. Of two files with one path, the one whose ending is first is read. */
const ENDINGS = [".ts", ".tsx", ".js", ".jsx"];
const OTHER_ENDING = /\.[cm][jt]s$/;

/**
 * Lists the modules of `convex/` at any depth.
 *
 * Left out are files and folders whose name starts with `_` or `.`, `*.test.ts`, `*.test-d.ts`, `*.d.ts`, `node_modules`,
 * and `schema.ts` at the top.
 * @param directory The absolute path of `convex/`.
 * @throws {LoadError} when there is no such folder, and when a name cannot be part of a function's path.
 */
export function scanFunctions(directory: string): FunctionsFolder {
  if (!existsSync(directory)) {
    throw new LoadError([
      { message: `Expected your functions in ${directory}, but there is no such folder. Create it, with a schema.ts.` },
    ]);
  }
  const all = sourceFiles(directory, "");
  const files = new Map<string, string>();
  for (const ending of ENDINGS) {
    for (const file of all.filter((each) => each.endsWith(ending))) {
      const module = checkedPath(file.slice(0, -ending.length), file);
      if (!files.has(module)) files.set(module, file);
    }
  }
  const hasSchema = files.get("schema") === "schema.ts";
  const notRead = all.flatMap((file) => whyNotRead(file, files, hasSchema)).map((message) => ({ message }));
  files.delete("schema");
  return { modules: [...files.keys()].sort(), files, hasSchema, notRead };
}

function sourceFiles(directory: string, prefix: string): string[] {
  return readdirSync(join(directory, prefix), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith("_") || entry.name.startsWith(".")) return [];
    const path = prefix + entry.name;
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : sourceFiles(directory, `${path}/`);
    const isSource = ENDINGS.some((ending) => path.endsWith(ending)) || OTHER_ENDING.test(path);
    return isSource && !HOLDS_NO_FUNCTIONS.test(path) ? [path] : [];
  });
}

/** Says of a file that is not read, or not as what its name says, why not and what to do. */
function whyNotRead(file: string, files: ReadonlyMap<string, string>, hasSchema: boolean): string[] {
  const module = file.replace(/\.[^.]+$/, "");
  if (!hasSchema && module === "schema") {
    return [`convex/${file} is not read: the tables are the exports of convex/schema.ts. Rename it.`];
  }
  if (!hasSchema && module === "schema/index") {
    return [
      `convex/${file} is not read as the schema: the tables are the exports of convex/schema.ts. ` +
        'Rename the folder to convex/_schema and write convex/schema.ts with `export * from "./_schema";`.',
    ];
  }
  if (OTHER_ENDING.test(file)) {
    return [
      `convex/${file} is not read: functions are the exports of files in .ts, .tsx, .js and .jsx. ` +
        "Rename it, or start its name with _ if it holds no functions.",
    ];
  }
  const read = files.get(module);
  return read === file ? [] : [`convex/${file} is not read, because convex/${read} has the same path. Remove one.`];
}

/** `api` cannot have properties with these names: JavaScript reads `then` and `toJSON` of every object, for instance. */
const TAKEN = new Set(["then", "toJSON", "__proto__", "constructor", "prototype"]);

function checkedPath(module: string, file: string): string {
  const name = module.split("/").find((part) => TAKEN.has(part) || !/^[\w.$-]+$/.test(part));
  if (name !== undefined) {
    const problem = `convex/${file} cannot be reached through \`api\`: "${name}" cannot be part of a function's path.`;
    const remedy = "Use letters, digits, - and _, or start the name with _ if the file holds no functions.";
    throw new LoadError([{ message: `${problem} ${remedy}` }]);
  }
  return module;
}
