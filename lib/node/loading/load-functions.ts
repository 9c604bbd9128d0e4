import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Bundle, Bundler, isFile } from "../../bundling/bundler.ts";
import type { LoadProblem } from "../../bundling/load-error.ts";
import { ScriptRunner } from "../../bundling/script-runner.ts";
import type { Casing } from "../../database/driver/driver.ts";
import type { FunctionModules } from "../../engine/run/registry.ts";
import { type DrizzleConfig, drizzleConfigIn, readDrizzleConfig } from "../../schema/migrations/drizzle-config.ts";
import { hashesOf, readBuilt, writeBuilt } from "./built-functions.ts";
import { type FunctionsFolder, scanFunctions } from "./scan-functions.ts";

/** What the files in `convex/` export. */
export interface LoadedFunctions {
  /** The exports of each file, by its path without the ending: `messages`, `admin/users`. */
  modules: FunctionModules;
  /** The exports of `convex/schema.ts`. */
  schema: Record<string, unknown>;
  /** How `drizzle.config.ts` names columns without a name of their own. Undefined: as in the schema. */
  casing?: Casing | undefined;
  /** A hash of `schema.ts` and everything that it imports. Empty for functions that were built. */
  schemaKey: string;
  /** A hash of the code: loads with equal keys are interchangeable. */
  key: string;
  /** What is doubtful in the files, such as one whose name keeps it from being read. */
  warnings: readonly LoadProblem[];
}

/**
 * Loads the functions in `convex/`: as they are saved, or as `convex-lite build` has built them. Either way they become one
 * script, which is run here. Each load runs it anew, and does not change what was loaded before. Packages, and this
 * framework, are the instances that `server.ts` has.
 * @example
 * const loader = new FunctionLoader("convex");
 * const { modules, schema } = await loader.load();
 * engine.useFunctions(modules, schema);
 */
export class FunctionLoader {
  /** The absolute path of `convex/`. */
  readonly directory: string;
  /** The absolute path of the folder of drizzle-kit's migrations: `drizzle` in the project. */
  readonly migrations: string;
  /** The files of the last successful load that lie outside of `convex/` and are not part of a package. */
  filesOutside: readonly string[] = [];
  readonly #root: string;
  readonly #runner: ScriptRunner;
  readonly #bundler: Bundler;
  #config: Promise<DrizzleConfig> | undefined;
  #folder: FunctionsFolder = { modules: [], hasSchema: false, files: new Map(), notRead: [] };

  /**
   * @param directory The folder of the functions, relative to `root`. Default: `convex`.
   * @param root The project's folder. Default: the working directory.
   */
  constructor(directory = "convex", root = process.cwd()) {
    this.directory = resolve(root, directory);
    this.migrations = resolve(root, "drizzle");
    this.#root = resolve(root);
    const place = { directory: this.directory, root: this.#root };
    this.#runner = new ScriptRunner(place);
    this.#bundler = new Bundler({ place, packages: this.#runner.packages, entry: () => entryScript(this.#folder) });
  }

  /**
   * Loads the functions as they are saved now.
   * @throws {LoadError} when they do not load; earlier loads stay usable.
   */
  async load(): Promise<LoadedFunctions> {
    const { bundle, casing, warnings } = await this.#bundle();
    const exports = await this.#runner.run(bundle);
    this.filesOutside = filesOf(bundle)
      .map((input) => resolve(this.#root, input))
      .filter((file) => !file.startsWith(`${this.directory}/`));
    return loaded({ exports, code: bundle.code, casing, schemaKey: this.#schemaKey(bundle.inputs), warnings });
  }

  /**
   * Makes the functions as they are saved now one script, for servers that run without their sources. The script is not run:
   * what a file needs when it is loaded, such as a variable of the environment, may be missing here.
   * @returns what is doubtful in the files, and a function that writes the script where `loadBuilt` finds it.
   * @throws {LoadError} when the files cannot be bundled.
   */
  async build(): Promise<{ warnings: readonly LoadProblem[]; write: () => void }> {
    const { bundle, casing, warnings } = await this.#bundle();
    const { code, map, packages } = bundle;
    const sources = hashesOf([...filesOf(bundle), ...drizzleConfigIn(this.#root)], this.#root);
    return { warnings, write: () => writeBuilt(this.#root, { code, map, packages, casing, sources }) };
  }

  /**
   * Loads the functions as `convex-lite build` has built them. Neither their sources nor esbuild nor drizzle-kit need to be
   * there.
   * @throws {Error} when they were not built, or have changed since. The message says what to do.
   * @throws {LoadError} when they do not load.
   */
  async loadBuilt(): Promise<LoadedFunctions> {
    const built = await readBuilt(this.#root, this.directory);
    const exports = await this.#runner.run(built);
    return loaded({ exports, code: built.code, casing: built.casing, schemaKey: "", warnings: [] });
  }

  /** Rewrites the stack of an error that a function threw, so that it names the files in `convex/`. Accepts any value. */
  remapStack = (thrown: unknown): void => this.#runner.remapStack(thrown);

  /** Ends the bundler's process. A later load starts it again. */
  close(): Promise<void> {
    return this.#bundler.close();
  }

  async #bundle(): Promise<{ bundle: Bundle } & Pick<LoadedFunctions, "casing" | "warnings">> {
    this.#folder = scanFunctions(this.directory);
    // Once: `dev` starts another process when it changes.
    this.#config ??= readDrizzleConfig(this.#root);
    const { casing, remarks } = await this.#config;
    const bundle = await this.#bundler.bundle();
    return { bundle, casing, warnings: [...remarks, ...this.#folder.notRead, ...bundle.warnings] };
  }

  #schemaKey(inputs: Bundle["inputs"]): string {
    const schema = Object.keys(inputs).find(
      (input) => resolve(this.#root, input) === join(this.directory, "schema.ts"),
    );
    const reached = new Set(schema === undefined ? [] : [schema]);
    for (const input of reached) for (const { path } of inputs[input]?.imports ?? []) reached.add(path);
    const files = [...reached].filter(isFile).sort();
    return hash(files.map((file) => `${file}\0${readFileSync(resolve(this.#root, file), "utf8")}`).join("\0"));
  }
}

function loaded({
  exports,
  code,
  ...others
}: Omit<LoadedFunctions, "modules" | "schema" | "key"> & {
  exports: Record<string, unknown>;
  code: string;
}): LoadedFunctions {
  return { ...(exports as Pick<LoadedFunctions, "modules" | "schema">), key: hash(code), ...others };
}

/** The author's files in a bundle, by their paths relative to the project. */
function filesOf({ inputs }: Bundle): string[] {
  return Object.keys(inputs).filter(isFile);
}

function entryScript({ modules, files, hasSchema }: FunctionsFolder): string {
  return [
    ...modules.map((module, i) => `import * as m${i} from ${JSON.stringify(`./${files.get(module)}`)};`),
    hasSchema ? 'import * as schemaModule from "./schema.ts";' : "const schemaModule = {};",
    `export const modules = {${modules.map((module, i) => `${JSON.stringify(module)}: { ...m${i} }`).join(", ")}};`,
    "export const schema = { ...schemaModule };",
  ].join("\n");
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

/** The folders of these files, which are watched in addition to `convex/`. */
export function foldersOf(files: readonly string[]): string[] {
  return [...new Set(files.map((file) => dirname(file)))];
}
