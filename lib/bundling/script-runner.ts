import { createRequire, isBuiltin } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import vm from "node:vm";
import { LoadError } from "./load-error.ts";
import { type Exports, Packages, type Place } from "./packages.ts";
import { SourcePositions } from "./source-positions.ts";

/** Source files of the project as one script, which a `Bundler` has made of them now or on another machine. */
export interface Script {
  /** The text. */
  readonly code: string;
  /** The source map of the text. Its sources are relative to the folder of the place. */
  readonly map: string;
  /** The ids of the packages that are loaded before the script runs. */
  readonly packages: readonly string[];
}

/**
 * Runs scripts in this process. Each run is apart from those before it, which stay as they are; packages, and this
 * framework, are one instance for all.
 *
 * The memory of a run that is no longer used is freed. Modules that are imported again by a version in their URL would
 * stay, and so would Node's cached source maps.
 */
export class ScriptRunner {
  /** The packages that scripts import. */
  readonly packages: Packages;
  readonly #place: Place;
  readonly #positions = new SourcePositions();
  #generation = 0;

  constructor(place: Place) {
    this.#place = place;
    this.packages = new Packages(place);
  }

  /**
   * Loads the packages of a script and runs it.
   * @returns what it exports.
   * @throws {LoadError} when a package does not load, or the script throws.
   */
  async run({ code, map, packages }: Script): Promise<Exports> {
    await Promise.all(packages.map((id) => this.#load(id)));
    return this.#evaluate(code, map);
  }

  /** Rewrites the stack of an error that a function threw, so that it names the author's files. Accepts any value. */
  remapStack = (thrown: unknown): void => this.#positions.remapStack(thrown);

  async #load(id: string): Promise<void> {
    try {
      await this.packages.import(id);
    } catch (thrown) {
      throw new LoadError([{ message: this.packages.failed(id, thrown) }], thrown);
    }
  }

  #evaluate(code: string, map: string): Exports {
    this.#generation++;
    // The name must be absolute and in the project, because `import()` in a function resolves relative to it.
    const filename = join(this.#place.directory, `_functions.${this.#generation}.cjs`);
    this.#positions.add(filename, map);
    const module = { exports: {} };
    try {
      const script = compile(code, filename, this.#generation > 1);
      script(module, module.exports, this.packages.inScript, this.#metaOf);
    } catch (thrown) {
      this.remapStack(thrown);
      throw LoadError.fromThrown(thrown, this.#place.root);
    }
    return module.exports;
  }

  /** The `import.meta` of a file, by its path relative to the project. */
  #metaOf = (path: string) => {
    const filename = resolve(this.#place.root, path);
    const { href: url } = pathToFileURL(filename);
    return {
      url,
      filename,
      dirname: dirname(filename),
      resolve(specifier: string): string {
        if (/^\.{0,2}\//.test(specifier) || URL.canParse(specifier)) return new URL(specifier, url).href;
        return isBuiltin(specifier)
          ? `node:${specifier}`
          : pathToFileURL(createRequire(filename).resolve(specifier)).href;
      },
    };
  };
}

/**
 * Compiles a script.
 * @param again False for the first run of the process. Later ones are kept out of V8's cache of compiled scripts: no two
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
