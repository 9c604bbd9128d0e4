import { type Dirent, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { LoadError } from "./load-error.ts";

/** What `convex/` holds. */
export interface FunctionsFolder {
  /** Modules that may hold functions: `messages`, `admin/users` (no ending, `/` on every system), in order. */
  modules: string[];
  /** Is there a `schema.ts`? */
  hasSchema: boolean;
}

/** Endings of files that hold no functions. */
const HOLDS_NO_FUNCTIONS = /(\.test|\.d|\.test-d)\.ts$/;

/**
 * Lists the modules of `convex/`, any depth.
 *
 * No functions are looked for in files and folders whose name starts with `_` or `.`, in `*.test.ts`, `*.test-d.ts`,
 * `*.d.ts`, in `node_modules`, and in `schema.ts` at the top.
 * @param directory The absolute path of `convex/`.
 * @throws {LoadError} when there is no such directory, or a name cannot be part of an address.
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
    return [addressable(path.slice(0, -".ts".length))];
  });
}

/** Is this entry of a directory a module, or a folder to look into? */
function mayHoldFunctions(entry: Dirent): boolean {
  if (entry.name.startsWith("_") || entry.name.startsWith(".")) return false;
  if (entry.isDirectory()) return entry.name !== "node_modules";
  return entry.name.endsWith(".ts") && !HOLDS_NO_FUNCTIONS.test(entry.name);
}

/** `then` and `toJSON` are what promises and JSON look for on every object: `api.then` cannot be a module. */
const TAKEN = new Set(["then", "toJSON", "__proto__", "constructor", "prototype"]);

function addressable(module: string): string {
  const name = module.split("/").find((part) => TAKEN.has(part) || !/^[\w.$-]+$/.test(part));
  if (name !== undefined) {
    const problem = `convex/${module}.ts cannot be reached through \`api\`: "${name}" is not a name an address can hold.`;
    const remedy = "Use letters, digits, - and _, or start the name with _ if the file holds no functions.";
    throw new LoadError([{ message: `${problem} ${remedy}` }]);
  }
  return module;
}
