import { build, type Plugin } from "esbuild";
import MagicString from "magic-string";
import { lineEndOf } from "./lines.ts";

/** What was found of a root layout: it has the provider, it can be given it, or the reader must do it. */
export type LayoutEdit = { kind: "same" } | { kind: "change"; text: string } | { kind: "manual" };

/**
 * Puts `<ConvexProvider>` around the children of a root layout.
 *
 * The text is not parsed here. Every place that looks right is tried, and the bundler tells of each what it comes to: it is
 * accepted if the module then imports the provider and renders it exactly once, around the children. If several places are
 * right, or none is, the reader chooses.
 */
export async function editLayout(before: string): Promise<LayoutEdit> {
  if (/["']convex-lite\/react["']/.test(before) && before.includes("<ConvexProvider")) return { kind: "same" };
  const accepted: string[] = [];
  for (const children of before.matchAll(/\{\s*(\w+\.)?children\s*\}/g)) {
    const edited = await withProvider(before, children.index, children[0]);
    if (edited !== undefined) accepted.push(edited);
  }
  const [text, ...others] = accepted;
  return text !== undefined && others.length === 0 ? { kind: "change", text } : { kind: "manual" };
}

async function withProvider(before: string, at: number, children: string): Promise<string | undefined> {
  for (const place of importPlaces(before)) {
    const text = new MagicString(before)
      .overwrite(at, at + children.length, `<ConvexProvider>${children}</ConvexProvider>`)
      .appendLeft(place, importLine(before, place))
      .toString();
    if (await rendersProviderOnce(text)) return text;
  }
  return undefined;
}

/** Behind the last import, or behind one before it if that one turns out to be in a comment or in a text. */
function importPlaces(text: string): number[] {
  const imports = text.matchAll(/^import\b(?:[^"'`;]*?\bfrom)?\s*["'][^"'\n]+["'];?/gm);
  const places = [...imports].map((found) => found.index + found[0].length).reverse();
  return places.length > 0 ? places : [0];
}

/** In the style of the imports that are there. */
function importLine(text: string, place: number): string {
  const end = lineEndOf(text);
  const before = text.slice(0, place);
  const quote = /from\s*'/.test(before) ? "'" : '"';
  const semicolon = place === 0 || before.endsWith(";") ? ";" : "";
  const line = `import { ConvexProvider } from ${quote}convex-lite/react${quote}${semicolon}`;
  return place === 0 ? line + end : end + line;
}

async function rendersProviderOnce(text: string): Promise<boolean> {
  try {
    const { outputFiles, metafile } = await build({
      stdin: { contents: text, loader: "tsx" },
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      jsx: "automatic",
      minifyWhitespace: true,
      logLevel: "silent",
      plugins: [everythingStaysOutside],
    });
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
    const isImported = imports.filter(({ path }) => path === "convex-lite/react").length === 1;
    const rendered = outputFiles[0]?.text.split("ConvexProvider,{children").length ?? 0;
    return isImported && rendered === 2;
  } catch {
    return false;
  }
}

const everythingStaysOutside: Plugin = {
  name: "everything-stays-outside",
  setup(bundler) {
    bundler.onResolve({ filter: /.*/ }, ({ path }) => ({ path, external: true }));
  },
};
