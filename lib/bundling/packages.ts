import { existsSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import type { ImportKind, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import { must } from "../environment/assert.ts";
import { importAsBundler } from "./import-package.ts";

type Exports = Record<string, unknown>;

/**
 * The packages that bundled files import. The bundler resolves each import, from the file that holds it. Node loads what was
 * found: once each file, the same instance as `server.ts` has, and never again for a later bundle.
 */
export class Packages {
  readonly #exports = new Map<string, Exports>();
  /** The files found, by what was imported from where. */
  readonly #found = new Map<string, string>();
  readonly #importFromProject: (specifier: string) => Promise<Exports>;
  readonly #require: NodeJS.Require;
  readonly #standIns: ReadonlyMap<string, string>;

  /**
   * @param directory The folder from which the framework and Node's own modules are imported.
   * @param standIns The texts of modules that are imported instead of packages, by the packages' names.
   */
  constructor(directory: string, standIns: Readonly<Record<string, string>> = {}) {
    // It throws unless a bundler of server components imports it. What is bundled here runs on a server.
    this.#standIns = new Map(Object.entries({ "server-only": "", ...standIns }));
    const filename = join(directory, "_packages.cjs");
    this.#require = createRequire(filename);
    this.#importFromProject = vm.compileFunction("return import(specifier)", ["specifier"], {
      filename,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as (specifier: string) => Promise<Exports>;
  }

  /** What a bundle calls to get packages, as the parameter `__packages`. */
  readonly inBundle = {
    /** The exports of a module that `import … from` names. It was loaded when the bundle was made. */
    imported: (id: string): Exports => must(this.#exports.get(id), `the package ${id} was loaded with the bundle`),
    /** The exports of a module that `import()` names, which is loaded only now. */
    importedLater: (id: string): Promise<Exports> => this.#import(id),
    /** The exports of a module that `require()` names. */
    required: (id: string): unknown => this.#require(id),
  };

  readonly plugin: Plugin = {
    name: "convex-lite-packages",
    setup: (build) => {
      build.onResolve({ filter: /^[^./]/ }, (importing) => this.#resolve(build, importing));
      build.onLoad({ filter: /.*/, namespace: STAND_IN }, ({ path }) => ({ contents: this.#standIns.get(path) ?? "" }));
      build.onLoad({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({
        contents: `module.exports = __packages.required(${JSON.stringify(path)});`,
      }));
      build.onLoad({ filter: /.*/, namespace: LATER }, ({ path }) => ({ contents: laterScript(path) }));
      build.onLoad({ filter: /.*/, namespace: IMPORTED }, async ({ path }) => {
        try {
          return { contents: importedScript(path, await this.#import(path)) };
        } catch (thrown) {
          // The bundler adds the position of the import.
          return { errors: [{ text: failed(path, thrown), detail: thrown }] };
        }
      });
    },
  };

  async #resolve(build: PluginBuild, importing: OnResolveArgs): Promise<OnResolveResult | undefined> {
    const { path: specifier, kind, pluginData } = importing;
    if (pluginData === ASKED || kind === "entry-point") return undefined;
    if (this.#standIns.has(specifier)) return { path: specifier, namespace: STAND_IN };
    const namespace = namespaceOf(kind);
    if (isFrameworkOrBuiltin(specifier)) return { path: specifier, namespace, sideEffects: false };
    const file = await this.#find(build, importing);
    return file === undefined ? undefined : { path: file, namespace, sideEffects: false };
  }

  /** The file of a package that Node can load. Undefined for any other: the bundler takes it into the bundle. */
  async #find(build: PluginBuild, { path, resolveDir, kind }: OnResolveArgs): Promise<string | undefined> {
    const key = [resolveDir, kind, path].join("\0");
    const before = this.#found.get(key);
    if (before !== undefined && existsSync(before)) return before;
    const found = await build.resolve(path, { resolveDir, kind, pluginData: ASKED });
    // Not found: the bundler reports it with its position.
    if (found.errors.length > 0 || found.namespace !== "file" || !isLoadedByNode(found.path)) return undefined;
    this.#found.set(key, found.path);
    return found.path;
  }

  async #import(id: string): Promise<Exports> {
    let exports = this.#exports.get(id);
    if (exports === undefined) {
      const specifier = isFrameworkOrBuiltin(id) ? id : pathToFileURL(id).href;
      exports = await importAsBundler(() => this.#importFromProject(specifier));
      this.#exports.set(id, exports);
    }
    return exports;
  }
}

const ASKED = "convex-lite-asked";
const STAND_IN = "convex-lite-stand-in";
const IMPORTED = "convex-lite-package";
const LATER = "convex-lite-package-later";
const REQUIRED = "convex-lite-package-required";

function namespaceOf(kind: ImportKind): string {
  if (kind === "dynamic-import") return LATER;
  return kind === "require-call" || kind === "require-resolve" ? REQUIRED : IMPORTED;
}

/** The framework is never bundled, also in a project that holds its sources, such as this one. */
function isFrameworkOrBuiltin(specifier: string): boolean {
  return isBuiltin(specifier) || specifier === "convex-lite" || specifier.startsWith("convex-lite/");
}

/** Node loads JavaScript of installed packages. TypeScript there, JSON and the sources of a workspace are bundled. */
function isLoadedByNode(file: string): boolean {
  return file.split(/[\\/]/).includes("node_modules") && /(\.[cm]?js|[\\/][^.\\/]+)$/.test(file);
}

/**
 * A module that exports what the package exports, each by its name: otherwise the bundler would treat it as a CommonJS
 * module, and `import pg from "pg"` would be the namespace instead of the default export.
 */
function importedScript(id: string, exports: Exports): string {
  const names = Object.keys(exports).filter(isName);
  const others = unseenNames(exports);
  return [
    `const exported = __packages.imported(${JSON.stringify(id)});`,
    ...names.map((name, i) => `const e${i} = exported.${name};`),
    ...others.map((name, i) => `const o${i} = exported.default.${name};`),
    `export { ${[...names.map((name, i) => `e${i} as ${name}`), ...others.map((name, i) => `o${i} as ${name}`)].join(", ")} };`,
    ...("default" in exports ? ["export default exported.default;"] : []),
  ].join("\n");
}

/**
 * The names that a CommonJS module exports and Node does not see in its text, such as all of lodash's. Accessors are left
 * out: reading them may do something.
 */
function unseenNames(exports: Exports): string[] {
  const whole = exports.default;
  const isCommonJs = "module.exports" in exports && exports["module.exports"] === whole;
  if (!isCommonJs || (typeof whole !== "object" && typeof whole !== "function") || whole === null) return [];
  return Object.entries(Object.getOwnPropertyDescriptors(whole)).flatMap(([name, { enumerable, get }]) =>
    enumerable && get === undefined && isName(name) && !(name in exports) ? [name] : [],
  );
}

function isName(name: string): boolean {
  return name !== "default" && /^[A-Za-z_$][\w$]*$/.test(name);
}

/** What `import()` resolves to has a method `then`, so it is awaited in turn: the caller gets the package's own namespace. */
function laterScript(id: string): string {
  return `export const then = (...settle) => __packages.importedLater(${JSON.stringify(id)}).then(...settle);`;
}

function failed(id: string, thrown: unknown): string {
  const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return `${packageOf(id)} cannot be loaded here. ${what}`;
}

/** A package's name, of the path of one of its files. */
function packageOf(id: string): string {
  const [, inside] = /.*[\\/]node_modules[\\/](.+)$/.exec(id) ?? [];
  const parts = inside?.split(/[\\/]/) ?? [id];
  return parts.slice(0, parts[0]?.startsWith("@") ? 2 : 1).join("/");
}
