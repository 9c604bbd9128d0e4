import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, resolve } from "node:path";
import { setFlagsFromString } from "node:v8";
import vm from "node:vm";
import { type BuildContext, type BuildFailure, context, type Metafile, type Plugin, stop } from "esbuild";
import type { FunctionModules } from "../../engine/run/registry.ts";
import { must } from "../../environment/assert.ts";
import { LoadError } from "./load-error.ts";
import { type FunctionsFolder, scanFunctions } from "./scan-functions.ts";
import { SourcePositions } from "./source-positions.ts";

/** What the files in `convex/` export at one moment. */
export interface LoadedFunctions {
  /** The exports of each file, by its path without the ending: `messages`, `admin/users`. */
  modules: FunctionModules;
  /** The exports of `convex/schema.ts`. */
  schema: Record<string, unknown>;
  /** A hash of `schema.ts` and everything that it imports. */
  schemaKey: string;
  /** A hash of the code: loads with equal keys are interchangeable. */
  key: string;
}

/**
 * Loads the functions in `convex/`. Each load reads the files anew, and does not change what was loaded before.
 *
 * The files are bundled into one script, which is compiled in this process. Packages are not bundled, so that functions
 * share one instance of each package, and of this framework, with `server.ts`. The memory of a load that is no longer used
 * is freed; modules that are imported again by a version in their URL would stay, and so would Node's cached source maps.
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
  readonly #positions = new SourcePositions();
  readonly #packages = new Packages();
  #folder: FunctionsFolder = { modules: [], hasSchema: false };
  #context: BuildContext | undefined;
  #generation = 0;

  /**
   * @param directory The folder of the functions, relative to `root`. Default: `convex`.
   * @param root The project's folder. Default: the working directory.
   */
  constructor(directory = "convex", root = process.cwd()) {
    this.directory = resolve(root, directory);
    this.migrations = resolve(root, "drizzle");
    this.#root = resolve(root);
  }

  /**
   * Loads the functions as they are saved now.
   * @throws {LoadError} when they do not load; earlier loads stay usable.
   */
  async load(): Promise<LoadedFunctions> {
    this.#folder = scanFunctions(this.directory);
    const { code, map, metafile } = await this.#bundle();
    const loaded = this.#evaluate(code, map);
    this.filesOutside = this.#sourcesOf(metafile).filter((file) => !file.startsWith(`${this.directory}/`));
    return { ...loaded, key: hash(code), schemaKey: this.#schemaKey(metafile) };
  }

  /** Rewrites the stack of an error that a function threw, so that it names the files in `convex/`. Accepts any value. */
  remapStack = (thrown: unknown): void => this.#positions.remapStack(thrown);

  /** Ends the bundler's process. A later load starts it again. */
  async close(): Promise<void> {
    await this.#context?.dispose();
    this.#context = undefined;
    process.off("exit", stop);
    await stop();
  }

  async #bundle(): Promise<{ code: string; map: string; metafile: Metafile }> {
    this.#context ??= await this.#createContext();
    try {
      const { outputFiles, metafile } = await this.#context.rebuild();
      const text = (ending: string) =>
        must(
          outputFiles?.find((file) => file.path.endsWith(ending)),
          ending,
        ).text;
      return { code: text(".cjs"), map: text(".cjs.map"), metafile: must(metafile, "the bundler writes a metafile") };
    } catch (error) {
      const { errors } = error as Partial<BuildFailure>;
      throw errors ? LoadError.fromMessages(errors, this.#root) : error;
    }
  }

  #createContext(): Promise<BuildContext> {
    // The bundler's process prints an error when this one ends without stopping it.
    process.once("exit", stop);
    return context({
      entryPoints: [ENTRY],
      absWorkingDir: this.#root,
      outfile: this.#bundleName(),
      bundle: true,
      write: false,
      metafile: true,
      format: "cjs",
      platform: "node",
      target: "node22",
      charset: "utf8",
      sourcemap: "external",
      sourcesContent: false,
      logLevel: "silent",
      plugins: [this.#entry(), this.#packages.plugin(this.directory)],
    });
  }

  /** A script that imports every module. It is written for each load, so that new files need no new bundler context. */
  #entry(): Plugin {
    return {
      name: "convex-lite-entry",
      setup: (build) => {
        build.onResolve({ filter: new RegExp(`^${ENTRY}$`) }, () => ({ path: ENTRY, namespace: ENTRY }));
        build.onLoad({ filter: /.*/, namespace: ENTRY }, () => ({
          contents: entryScript(this.#folder),
          loader: "js",
          resolveDir: this.directory,
        }));
      },
    };
  }

  #evaluate(code: string, map: string): Pick<LoadedFunctions, "modules" | "schema"> {
    this.#generation++;
    // The name must be absolute and in the project, because `import()` in a function resolves relative to it.
    const filename = this.#bundleName();
    this.#positions.add(filename, map);
    const module = { exports: {} };
    try {
      const script = compile(code, filename, this.#generation > 1);
      script(module, module.exports, (specifier: string) => this.#packages.exportsOf(specifier));
    } catch (thrown) {
      this.remapStack(thrown);
      throw LoadError.fromThrown(thrown, this.#root);
    }
    return module.exports as Pick<LoadedFunctions, "modules" | "schema">;
  }

  #bundleName(): string {
    return join(this.directory, `_functions.${this.#generation}.cjs`);
  }

  #sourcesOf(metafile: Metafile): string[] {
    return Object.keys(metafile.inputs)
      .filter((input) => !VIRTUAL.test(input))
      .map((input) => resolve(this.#root, input));
  }

  #schemaKey({ inputs }: Metafile): string {
    const schema = Object.keys(inputs).find(
      (input) => resolve(this.#root, input) === join(this.directory, "schema.ts"),
    );
    const reached = new Set(schema === undefined ? [] : [schema]);
    for (const input of reached) for (const { path } of inputs[input]?.imports ?? []) reached.add(path);
    const files = [...reached].filter((input) => !VIRTUAL.test(input)).sort();
    return hash(files.map((file) => `${file}\0${readFileSync(resolve(this.#root, file), "utf8")}`).join("\0"));
  }
}

const ENTRY = "convex-lite-functions";
const PACKAGE = "convex-lite-package";
const VIRTUAL = new RegExp(`^(${ENTRY}|${PACKAGE}):`);

function entryScript({ modules, hasSchema }: FunctionsFolder): string {
  return [
    ...modules.map((module, i) => `import * as m${i} from ${JSON.stringify(`./${module}.ts`)};`),
    hasSchema ? 'import * as schemaModule from "./schema.ts";' : "const schemaModule = {};",
    `export const modules = {${modules.map((module, i) => `${JSON.stringify(module)}: { ...m${i} }`).join(", ")}};`,
    "export const schema = { ...schemaModule };",
  ].join("\n");
}

/**
 * Compiles a bundle.
 * @param again False for the first load of the process. Later loads are kept out of V8's cache of compiled scripts: no two
 *   of them are equal, and the cache keeps each until memory is nearly full.
 */
function compile(code: string, filename: string, again: boolean): (...parameters: unknown[]) => void {
  if (again) setFlagsFromString("--no-compilation-cache");
  try {
    return vm.compileFunction(code, ["module", "exports", "__package"], {
      filename,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as (...parameters: unknown[]) => void;
  } finally {
    if (again) setFlagsFromString("--compilation-cache");
  }
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

/** The packages that functions import. Node loads each once, from the project, and every bundle gets the same exports. */
class Packages {
  readonly #exports = new Map<string, Record<string, unknown>>();
  readonly #isPackage = new Map<string, boolean>();

  exportsOf(specifier: string): Record<string, unknown> {
    return must(this.#exports.get(specifier), `the package ${specifier} was loaded when the bundle was made`);
  }

  plugin(directory: string): Plugin {
    const importFromProject = vm.compileFunction("return import(specifier)", ["specifier"], {
      filename: join(directory, "_packages.cjs"),
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as (specifier: string) => Promise<Record<string, unknown>>;
    return {
      name: PACKAGE,
      setup: (build) => {
        build.onResolve({ filter: /^[^./]/ }, async ({ path, resolveDir, kind, pluginData, namespace }) => {
          if (pluginData === PACKAGE || namespace === PACKAGE || kind === "entry-point") return undefined;
          let isPackage = this.#isPackage.get(path);
          if (isPackage === undefined) {
            const found = await build.resolve(path, { resolveDir, kind, pluginData: PACKAGE });
            // Not found: the bundler reports it with its position. Not cached, because it may be installed later.
            if (found.errors.length > 0 && !isFrameworkOrBuiltin(path)) return undefined;
            isPackage = isFrameworkOrBuiltin(path) || found.path.split("/").includes("node_modules");
            this.#isPackage.set(path, isPackage);
          }
          if (!isPackage) return undefined;
          // `await import("…")` is not rewritten, so that it loads the package only when it is reached.
          return kind === "dynamic-import"
            ? { path, external: true }
            : { path, namespace: PACKAGE, sideEffects: false };
        });
        build.onLoad({ filter: /.*/, namespace: PACKAGE }, async ({ path }) => {
          if (!this.#exports.has(path)) this.#exports.set(path, await importFromProject(path));
          return { contents: packageScript(path, this.exportsOf(path)), loader: "js" };
        });
      },
    };
  }
}

/** The framework is never bundled, also in a project that holds its sources, such as this one. */
function isFrameworkOrBuiltin(specifier: string): boolean {
  return isBuiltin(specifier) || specifier === "convex-lite" || specifier.startsWith("convex-lite/");
}

/**
 * A module that exports what the package exports, each by its name: otherwise the bundler would treat it as a CommonJS
 * module, and `import pg from "pg"` would be the namespace instead of the default export.
 */
function packageScript(specifier: string, exports: Record<string, unknown>): string {
  const names = Object.keys(exports).filter((name) => name !== "default" && /^[A-Za-z_$][\w$]*$/.test(name));
  return [
    `const exported = __package(${JSON.stringify(specifier)});`,
    ...names.map((name, i) => `const e${i} = exported.${name};`),
    `export { ${names.map((name, i) => `e${i} as ${name}`).join(", ")} };`,
    ...("default" in exports ? ["export default exported.default;"] : []),
  ].join("\n");
}

/** The folders of these files, which are watched in addition to `convex/`. */
export function foldersOf(files: readonly string[]): string[] {
  return [...new Set(files.map((file) => dirname(file)))];
}
