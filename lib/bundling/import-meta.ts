import { readFileSync } from "node:fs";
import { extname, relative, sep } from "node:path";
import type { Loader, Plugin } from "esbuild";

/**
 * Gives each bundled file its own `import.meta`, `__dirname` and `__filename`. The bundler would leave `import.meta` empty,
 * and the other two would be those of the bundle.
 */
export const importMeta: Plugin = {
  name: "convex-lite-import-meta",
  setup(build) {
    const root = build.initialOptions.absWorkingDir ?? "";
    build.initialOptions.define = {
      ...build.initialOptions.define,
      "import.meta": META,
      __dirname: `${META}.dirname`,
      __filename: `${META}.filename`,
    };
    build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: "file" }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!/\bimport\s*\.\s*meta\b|\b__(dir|file)name\b/.test(text)) return undefined;
      return { contents: withMeta(text, relative(root, path).split(sep).join("/")), loader: loaderOf(path) };
    });
    build.onResolve({ filter: PREFIX }, ({ path }) => ({
      path: path.slice(NAMESPACE.length + 1),
      namespace: NAMESPACE,
      sideEffects: false,
    }));
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      contents: `export const ${META} = __metaOf(${JSON.stringify(path)});`,
    }));
  },
};

const META = "__importMeta";
const NAMESPACE = "convex-lite-meta";
const PREFIX = new RegExp(`^${NAMESPACE}:`);

/** Positions in the file stay as they are: an import at the end counts as one at the beginning. */
function withMeta(text: string, path: string): string {
  const source = JSON.stringify(`${NAMESPACE}:${path}`);
  const isModule = /^\s*(import|export)\b|\bimport\s*\.\s*meta\b/m.test(text);
  return isModule ? `${text}\nimport { ${META} } from ${source};` : `const { ${META} } = require(${source}); ${text}`;
}

function loaderOf(path: string): Loader {
  const ending = extname(path).slice(1).replace(/^[cm]/, "");
  return ending as Loader;
}
