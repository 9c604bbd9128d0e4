import { createRequire, isBuiltin } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import vm from "node:vm";
import { type BuildContext, type BuildFailure, context, type Message, type Metafile, type Plugin, stop } from "esbuild";
import { must } from "../environment/assert.ts";
import { importMeta } from "./import-meta.ts";
import { LoadError, type LoadProblem, problemsOf } from "./load-error.ts";
import { Packages } from "./packages.ts";
import { SourcePositions } from "./source-positions.ts";

/** Source files that were bundled and run. */
export interface Bundle {
  /** What the entry exports. */
  exports: Record<string, unknown>;
  /** The text that was run. */
  code: string;
  /** The files that were bundled, and which import which. The paths are relative to the project's folder. */
  inputs: Metafile["inputs"];
  /** What the bundler finds doubtful in the author's files. */
  warnings: readonly LoadProblem[];
}

/** What `Bundler` takes. */
export interface BundlerOptions {
  /** The folder from which the entry imports. */
  directory: string;
  /** The project's folder. */
  root: string;
  /** The text of a module that imports all others. Called for each load, so that new files need no new bundler. */
  entry: () => string;
  /** The texts of modules that are imported instead of packages, by the packages' names. Default: none. */
  standIns?: Readonly<Record<string, string>>;
}

/**
 * Runs TypeScript of the project. Each load reads the files anew, and does not change what was loaded before.
 *
 * The files are bundled into one script, which is compiled in this process. Packages are not bundled, so that there is one
 * instance of each package, and of this framework. The memory of a load that is no longer used is freed; modules that are
 * imported again by a version in their URL would stay, and so would Node's cached source maps.
 */
export class Bundler {
  readonly #options: BundlerOptions;
  readonly #positions = new SourcePositions();
  readonly #packages: Packages;
  #context: BuildContext | undefined;
  #generation = 0;

  constructor(options: BundlerOptions) {
    this.#options = options;
    this.#packages = new Packages(options.directory, options.standIns);
  }

  /**
   * Bundles and runs the files as they are saved now.
   * @throws {LoadError} when they do not load; earlier loads stay usable.
   */
  async load(): Promise<Bundle> {
    const { code, map, inputs, warnings } = await this.#bundle();
    return { exports: this.#evaluate(code, map), code, inputs, warnings };
  }

  /** Rewrites the stack of an error that a function threw, so that it names the author's files. Accepts any value. */
  remapStack = (thrown: unknown): void => this.#positions.remapStack(thrown);

  /** Ends the bundler's process, which all bundlers share. A later load starts it again. */
  async close(): Promise<void> {
    await this.dispose();
    await stop();
  }

  /** Frees what the bundler's process keeps for later loads. */
  async dispose(): Promise<void> {
    await this.#context?.dispose();
    this.#context = undefined;
    process.off("exit", stop);
  }

  async #bundle(): Promise<Omit<Bundle, "exports"> & { map: string }> {
    this.#context ??= await this.#createContext();
    try {
      const { outputFiles, metafile, warnings } = await this.#context.rebuild();
      const text = (ending: string) =>
        must(
          outputFiles?.find((file) => file.path.endsWith(ending)),
          ending,
        ).text;
      const { inputs } = must(metafile, "the bundler writes a metafile");
      const worthTelling = problemsOf(warnings.filter(concernsAuthor), this.#options.root);
      return { code: text(".cjs"), map: text(".cjs.map"), inputs, warnings: worthTelling };
    } catch (error) {
      const { errors } = error as Partial<BuildFailure>;
      throw errors ? LoadError.fromMessages(errors, this.#options.root) : error;
    }
  }

  #createContext(): Promise<BuildContext> {
    // The bundler's process prints an error when this one ends without stopping it.
    process.once("exit", stop);
    return context({
      entryPoints: [ENTRY],
      absWorkingDir: this.#options.root,
      outfile: this.#bundleName(),
      bundle: true,
      write: false,
      metafile: true,
      format: "cjs",
      platform: "node",
      target: "node22",
      // Those by which Node chooses a package's file, so that it is the same file.
      conditions: ["node-addons", "module-sync"],
      // Next keeps JSX in its tsconfig.json, for its own compiler.
      jsx: "automatic",
      charset: "utf8",
      sourcemap: "external",
      sourcesContent: false,
      logLevel: "silent",
      plugins: [this.#entry(), importMeta, this.#packages.plugin],
    });
  }

  #entry(): Plugin {
    return {
      name: "convex-lite-entry",
      setup: (build) => {
        build.onResolve({ filter: new RegExp(`^${ENTRY}$`) }, () => ({ path: ENTRY, namespace: ENTRY }));
        build.onLoad({ filter: /.*/, namespace: ENTRY }, () => ({
          contents: this.#options.entry(),
          loader: "js",
          resolveDir: this.#options.directory,
        }));
      },
    };
  }

  #evaluate(code: string, map: string): Record<string, unknown> {
    this.#generation++;
    // The name must be absolute and in the project, because `import()` in a function resolves relative to it.
    const filename = this.#bundleName();
    this.#positions.add(filename, map);
    const module = { exports: {} };
    try {
      const script = compile(code, filename, this.#generation > 1);
      script(module, module.exports, this.#packages.inBundle, metaOf);
    } catch (thrown) {
      this.remapStack(thrown);
      throw LoadError.fromThrown(thrown, this.#options.root);
    }
    return module.exports;
  }

  #bundleName(): string {
    return join(this.#options.directory, `_functions.${this.#generation}.cjs`);
  }
}

const ENTRY = "convex-lite-functions";

/** Is this path of `Bundle.inputs` a file? All others are made by a plugin here. */
export function isFile(input: string): boolean {
  return !/^convex-lite-[a-z-]+:/.test(input);
}

/** Warnings about packages, which are bundled only in part, are none of the author's concern. */
function concernsAuthor({ id, location, text }: Message): boolean {
  if (!location || !isFile(location.file) || location.file.split("/").includes("node_modules")) return false;
  // A package that is imported only for what it does has done it, as Node loaded it.
  return id !== "ignored-bare-import" || !text.includes("convex-lite-packages");
}

/** The `import.meta` of a file. */
function metaOf(filename: string) {
  const { href: url } = pathToFileURL(filename);
  return {
    url,
    filename,
    dirname: dirname(filename),
    resolve(specifier: string): string {
      if (/^\.{0,2}\//.test(specifier) || URL.canParse(specifier)) return new URL(specifier, url).href;
      return isBuiltin(specifier)
        ? `node:${specifier}`
        : pathToFileURL(createRequire(resolve(filename)).resolve(specifier)).href;
    },
  };
}

/**
 * Compiles a bundle.
 * @param again False for the first load of the process. Later loads are kept out of V8's cache of compiled scripts: no two
 *   of them are equal, and the cache keeps each until memory is nearly full.
 */
function compile(code: string, filename: string, again: boolean): (...parameters: unknown[]) => void {
  if (again) setFlagsFromString("--no-compilation-cache");
  try {
    return vm.compileFunction(code, ["module", "exports", "__packages", "__metaOf"], {
      filename,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as (...parameters: unknown[]) => void;
  } finally {
    if (again) setFlagsFromString("--compilation-cache");
  }
}
