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

/** What `convex/` exports at one moment. */
export interface LoadedFunctions {
  /** `messages` or `admin/users` → the exports of that file. */
  modules: FunctionModules;
  /** The exports of `convex/schema.ts`. */
  schema: Record<string, unknown>;
  /** Equal as long as `schema.ts` and everything it imports are. */
  schemaKey: string;
  /** Equal for equal code: nothing needs to be done when it is the same as before. */
  key: string;
}

/**
 * Loads the functions in `convex/`, as often as asked, each time from the files as they are then.
 *
 * They are bundled into one script that is compiled in this process; packages stay outside of it, so that functions
 * share one instance of every package, and of this framework, with `server.ts`. A load that is no longer used leaves
 * nothing behind, which neither `import()` with a version in its URL nor Node's source-map cache can say.
 */
export class FunctionLoader {
  /** The absolute path of `convex/`. */
  readonly directory: string;
  /** The absolute path of drizzle-kit's migrations. */
  readonly migrations: string;
  /** The files outside of `convex/`, and not in a package, that the last good load was made of. */
  filesOutside: readonly string[] = [];
  readonly #root: string;
  readonly #positions = new SourcePositions();
  readonly #packages = new Packages();
  #folder: FunctionsFolder = { modules: [], hasSchema: false };
  #context: BuildContext | undefined;
  #generation = 0;

  /** @param directory `convex/`, relative to the project's folder. */
  constructor(directory = "convex", root = process.cwd()) {
    this.directory = resolve(root, directory);
    this.migrations = resolve(root, "drizzle");
    this.#root = resolve(root);
  }

  /** @throws {LoadError} when they do not load; what was loaded before stays usable. */
  async load(): Promise<LoadedFunctions> {
    this.#folder = scanFunctions(this.directory);
    const { code, map, metafile } = await this.#bundle();
    const loaded = this.#evaluate(code, map);
    this.filesOutside = this.#sourcesOf(metafile).filter((file) => !file.startsWith(`${this.directory}/`));
    return { ...loaded, key: hash(code), schemaKey: this.#schemaKey(metafile) };
  }

  /** Makes the stack of an error that a function threw name the files in `convex/`. */
  remapStack = (thrown: unknown): void => this.#positions.remapStack(thrown);

  /** Ends the bundler's own process. A later load starts it again. */
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
      return { code: text(".cjs"), map: text(".cjs.map"), metafile: must(metafile, "a metafile was asked for") };
    } catch (error) {
      const { errors } = error as Partial<BuildFailure>;
      throw errors ? LoadError.fromMessages(errors, this.#root) : error;
    }
  }

  #createContext(): Promise<BuildContext> {
    // Left alone when this process ends, the bundler's complains aloud.
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

  /** A script that imports every module: written anew for each load, so that new files need no new context. */
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
    // The name must be absolute and in the project: `import()` inside a function resolves from there.
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
 * @param again The first load of a process is compiled like anything else. Those that follow a save are kept out of
 * V8's cache of compiled scripts: no two are equal, and it holds on to each of them until memory is nearly full.
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

/** The packages that functions import: loaded once by Node itself, from the project, and handed to every bundle. */
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
            // Not found: the bundler says so itself, and where. Not remembered, as it may be installed any moment.
            if (found.errors.length > 0 && !isFrameworkOrBuiltin(path)) return undefined;
            isPackage = isFrameworkOrBuiltin(path) || found.path.split("/").includes("node_modules");
            this.#isPackage.set(path, isPackage);
          }
          if (!isPackage) return undefined;
          // `await import("…")` stays what it is, and loads nothing before it is reached.
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

/** The framework is never bundled, also where a project (this one) holds its sources. */
function isFrameworkOrBuiltin(specifier: string): boolean {
  return isBuiltin(specifier) || specifier === "convex-lite" || specifier.startsWith("convex-lite/");
}

/**
 * Exports what the package exports. By name, because the bundler would otherwise take it for a CommonJS module and
 * give `import pg from "pg"` the namespace instead of the default export.
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

/** The folders to watch for everything that a load is made of, besides `convex/` and what is below it. */
export function foldersOf(files: readonly string[]): string[] {
  return [...new Set(files.map((file) => dirname(file)))];
}
