import { type Dirent, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { LoadError } from "./load-error.ts";

/** The contents of `convex/`. */
export interface FunctionsFolder {
  /** The paths of modules that may hold functions, sorted: `messages`, `admin/users` (no ending, `/` on every system). */
  modules: string[];
  /** Whether there is a `schema.ts` at the top. */
  hasSchema: boolean;
}

/** Endings of files that hold no functions. */
const HOLDS_NO_FUNCTIONS = /(\.test|\.d|\.test-d)\.ts$/;

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
  const files = typescriptFiles(directory, "");
  return {
    modules: files.filter((file) => file !== "schema").sort(),
    hasSchema: files.includes("schema"),
  };
}

function typescriptFiles(directory: string, prefix: string): string[] {
  return readdirSync(join(directory, prefix), { withFileTypes: true }).flatMap((entry) => {
    if (!mayHoldFunctions(entry)) return [];
    const path = prefix + entry.name;
    if (entry.isDirectory()) return typescriptFiles(directory, `${path}/`);
    return [checkedPath(path.slice(0, -".ts".length))];
  });
}

/** Is this entry of a folder a module, or a folder that may hold modules? */
function mayHoldFunctions(entry: Dirent): boolean {
  if (entry.name.startsWith("_") || entry.name.startsWith(".")) return false;
  if (entry.isDirectory()) return entry.name !== "node_modules";
  return entry.name.endsWith(".ts") && !HOLDS_NO_FUNCTIONS.test(entry.name);
}

/** `api` cannot have properties with these names: JavaScript reads `then` and `toJSON` of every object, for instance. */
const TAKEN = new Set(["then", "toJSON", "__proto__", "constructor", "prototype"]);

function checkedPath(module: string): string {
  const name = module.split("/").find((part) => TAKEN.has(part) || !/^[\w.$-]+$/.test(part));
  if (name !== undefined) {
    const problem = `convex/${module}.ts cannot be reached through \`api\`: "${name}" cannot be part of a function's path.`;
    const remedy = "Use letters, digits, - and _, or start the name with _ if the file holds no functions.";
    throw new LoadError([{ message: `${problem} ${remedy}` }]);
  }
  return module;
}
