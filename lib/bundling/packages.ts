import { existsSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { must } from "../environment/assert.ts";
import { importAsBundler } from "./import-package.ts";

/** What a module exports, by name. */
export type Exports = Record<string, unknown>;

/** Where a script belongs. */
export interface Place {
  /** The absolute path of the folder from which it imports the framework and Node's own modules. It need not exist. */
  directory: string;
  /** The absolute path of the project's folder. */
  root: string;
}

/**
 * The packages that a script imports. Node loads each file once, as the instance that `server.ts` has, and never again for a
 * later script.
 *
 * An id is a file's path relative to the project (`./node_modules/zod/index.js`), so that a script can be run in a copy of
 * the project. The framework and Node's own modules have their names as ids.
 */
export class Packages {
  readonly #exports = new Map<string, Exports>();
  readonly #importFromProject: (specifier: string) => Promise<Exports>;
  readonly #require: NodeJS.Require;
  readonly #root: string;

  constructor({ directory, root }: Place) {
    this.#root = root;
    const filename = join(directory, "_packages.cjs");
    this.#require = createRequire(filename);
    this.#importFromProject = vm.compileFunction("return import(specifier)", ["specifier"], {
      filename,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as (specifier: string) => Promise<Exports>;
  }

  /** What a script calls to get packages, as its parameter `__packages`. */
  readonly inScript = {
    /** The exports of a module that `import … from` names. It was loaded before the script ran. */
    imported: (id: string): Exports => must(this.#exports.get(id), `the package ${id} was loaded before the script`),
    /** The exports of a module that `import()` names, which is loaded only now. */
    importedLater: (id: string): Promise<Exports> => this.import(id),
    /** The exports of a module that `require()` names. */
    required: (id: string): unknown => this.#require(isFrameworkOrBuiltin(id) ? id : this.fileOf(id)),
  };

  /** The id of a package's file. */
  idOf(file: string): string {
    const path = relative(this.#root, file).split(sep).join("/");
    return path.startsWith("../") ? path : `./${path}`;
  }

  /** The file of an id, which is not the name of a module. */
  fileOf(id: string): string {
    return resolve(this.#root, id);
  }

  /** Loads a module, unless it is loaded already. */
  async import(id: string): Promise<Exports> {
    let exports = this.#exports.get(id);
    if (exports === undefined) {
      const specifier = isFrameworkOrBuiltin(id) ? id : pathToFileURL(this.fileOf(id)).href;
      exports = await importAsBundler(() => this.#importFromProject(specifier));
      this.#exports.set(id, exports);
    }
    return exports;
  }

  /** Says of a module that could not be loaded which one it is, and why. */
  failed(id: string, thrown: unknown): string {
    if (!isFrameworkOrBuiltin(id) && !existsSync(this.fileOf(id))) {
      const missing = `there is no ${this.fileOf(id)}. Install the packages as they were then, by the same lockfile.`;
      return `${packageOf(id)} is not where it was when the functions were bundled: ${missing}`;
    }
    const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    return `${packageOf(id)} cannot be loaded here. ${what}`;
  }
}

/** The framework is never bundled, also in a project that holds its sources, such as this one. */
export function isFrameworkOrBuiltin(specifier: string): boolean {
  return isBuiltin(specifier) || specifier === "convex-lite" || specifier.startsWith("convex-lite/");
}

/** A package's name, of the path of one of its files. */
function packageOf(id: string): string {
  const [, inside] = /.*[\\/]node_modules[\\/](.+)$/.exec(id) ?? [];
  const parts = inside?.split(/[\\/]/) ?? [id];
  return parts.slice(0, parts[0]?.startsWith("@") ? 2 : 1).join("/");
}
