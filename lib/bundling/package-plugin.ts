import { existsSync } from "node:fs";
import type { ImportKind, Metafile, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import { type Exports, isFrameworkOrBuiltin, type Packages } from "./packages.ts";

/**
 * Leaves packages out of the script. The bundler resolves each import, from the file that holds it, and Node loads what was
 * found.
 * @param standIns The texts of modules that are imported instead of packages, by the packages' names.
 */
export function packagePlugin(packages: Packages, standIns: Readonly<Record<string, string>> = {}): Plugin {
  // `server-only` throws unless a bundler of server components imports it. What is bundled here runs on a server.
  const texts = new Map(Object.entries({ "server-only": "", ...standIns }));
  /** The files found, by what was imported from where. */
  const known = new Map<string, string>();

  async function resolved(build: PluginBuild, importing: OnResolveArgs): Promise<OnResolveResult | undefined> {
    const { path: specifier, kind, pluginData } = importing;
    if (pluginData === ASKED || kind === "entry-point") return undefined;
    if (texts.has(specifier)) return { path: specifier, namespace: STAND_IN };
    const namespace = namespaceOf(kind);
    if (isFrameworkOrBuiltin(specifier)) return { path: specifier, namespace, sideEffects: false };
    const file = await find(build, importing);
    return file === undefined ? undefined : { path: packages.idOf(file), namespace, sideEffects: false };
  }

  /** The file of a package that Node can load. Undefined for any other: the bundler takes it into the script. */
  async function find(build: PluginBuild, { path, resolveDir, kind }: OnResolveArgs): Promise<string | undefined> {
    const key = [resolveDir, kind, path].join("\0");
    const before = known.get(key);
    if (before !== undefined && existsSync(before)) return before;
    const found = await build.resolve(path, { resolveDir, kind, pluginData: ASKED });
    // Not found: the bundler reports it with its position.
    if (found.errors.length > 0 || found.namespace !== "file" || !isLoadedByNode(found.path)) return undefined;
    known.set(key, found.path);
    return found.path;
  }

  return {
    name: PLUGIN,
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, (importing) => resolved(build, importing));
      build.onLoad({ filter: /.*/, namespace: STAND_IN }, ({ path }) => ({ contents: texts.get(path) ?? "" }));
      build.onLoad({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({
        contents: `module.exports = __packages.required(${JSON.stringify(path)});`,
      }));
      build.onLoad({ filter: /.*/, namespace: LATER }, ({ path }) => ({ contents: laterScript(path) }));
      build.onLoad({ filter: /.*/, namespace: IMPORTED }, async ({ path }) => {
        try {
          return { contents: importedScript(path, await packages.import(path)) };
        } catch (thrown) {
          // The bundler adds the position of the import.
          return { errors: [{ text: packages.failed(path, thrown), detail: thrown }] };
        }
      });
    },
  };
}

/** The ids of the packages that `import … from` names in a script, by what was bundled into it. */
export function importedPackages(inputs: Metafile["inputs"]): string[] {
  const prefix = `${IMPORTED}:`;
  return Object.keys(inputs).flatMap((input) => (input.startsWith(prefix) ? [input.slice(prefix.length)] : []));
}

/** The name of the plugin, which is in messages about modules that it made. */
export const PLUGIN = "convex-lite-packages";
const ASKED = "convex-lite-asked";
const STAND_IN = "convex-lite-stand-in";
const IMPORTED = "convex-lite-package";
const LATER = "convex-lite-package-later";
const REQUIRED = "convex-lite-package-required";

function namespaceOf(kind: ImportKind): string {
  if (kind === "dynamic-import") return LATER;
  return kind === "require-call" || kind === "require-resolve" ? REQUIRED : IMPORTED;
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
