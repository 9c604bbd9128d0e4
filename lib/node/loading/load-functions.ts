import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Bundle, Bundler, isFile } from "../../bundling/bundler.ts";
import type { LoadProblem } from "../../bundling/load-error.ts";
import type { Casing } from "../../database/driver/driver.ts";
import type { FunctionModules } from "../../engine/run/registry.ts";
import { type DrizzleConfig, readDrizzleConfig } from "../../schema/migrations/drizzle-config.ts";
import { type FunctionsFolder, scanFunctions } from "./scan-functions.ts";

/** What the files in `convex/` export at one moment. */
export interface LoadedFunctions {
  /** The exports of each file, by its path without the ending: `messages`, `admin/users`. */
  modules: FunctionModules;
  /** The exports of `convex/schema.ts`. */
  schema: Record<string, unknown>;
  /** How `drizzle.config.ts` names columns without a name of their own. Undefined: as in the schema. */
  casing?: Casing | undefined;
  /** A hash of `schema.ts` and everything that it imports. */
  schemaKey: string;
  /** A hash of the code: loads with equal keys are interchangeable. */
  key: string;
  /** What is doubtful in the files, such as one whose name keeps it from being read. */
  warnings: readonly LoadProblem[];
}

/**
 * Loads the functions in `convex/`. Each load reads the files anew, and does not change what was loaded before. Packages,
 * and this framework, are the instances that `server.ts` has.
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
    this.#bundler = new Bundler({
      directory: this.directory,
      root: this.#root,
      entry: () => entryScript(this.#folder),
    });
  }

  /**
   * Loads the functions as they are saved now.
   * @throws {LoadError} when they do not load; earlier loads stay usable.
   */
  async load(): Promise<LoadedFunctions> {
    this.#folder = scanFunctions(this.directory);
    // Once: `dev` starts another process when it changes.
    this.#config ??= readDrizzleConfig(this.#root);
    const { casing, remarks } = await this.#config;
    const { exports, code, inputs, warnings } = await this.#bundler.load();
    const files = Object.keys(inputs).filter(isFile);
    this.filesOutside = files
      .map((input) => resolve(this.#root, input))
      .filter((file) => !file.startsWith(`${this.directory}/`));
    return {
      ...(exports as Pick<LoadedFunctions, "modules" | "schema">),
      key: hash(code),
      schemaKey: this.#schemaKey(inputs),
      casing,
      warnings: [...remarks, ...this.#folder.notRead, ...warnings],
    };
  }

  /** Rewrites the stack of an error that a function threw, so that it names the files in `convex/`. Accepts any value. */
  remapStack = (thrown: unknown): void => this.#bundler.remapStack(thrown);

  /** Ends the bundler's process. A later load starts it again. */
  close(): Promise<void> {
    return this.#bundler.close();
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
