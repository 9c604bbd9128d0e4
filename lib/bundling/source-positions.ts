import { SourceMap } from "node:module";
import { dirname, resolve } from "node:path";
import { must } from "../environment/assert.ts";

/** How many bundles are remapped: an action may still run, and throw, long after the next load. */
const BUNDLES_KEPT = 5;

/** A position in a file of the author. */
export interface SourcePosition {
  /** Its absolute path. */
  file: string;
  /** Its line, from 1. */
  line: number;
  /** Its column, from 1. */
  column: number;
}

/**
 * Maps positions in a bundle to positions in the files that it was made of.
 *
 * Node's own source-map cache is not used, because it keeps every bundle, and each save makes one.
 */
export class SourcePositions {
  /** The map of each bundle: as text until a position in that bundle is looked for, as most bundles never throw. */
  readonly #maps = new Map<string, SourceMap | string>();

  /** @param bundle The absolute file name of the bundle. The sources in its map are relative to its folder. */
  add(bundle: string, map: string): void {
    this.#maps.set(bundle, map);
    const [oldest] = this.#maps.keys();
    if (this.#maps.size > BUNDLES_KEPT && oldest !== undefined) this.#maps.delete(oldest);
  }

  /** Rewrites the stack of an error, and those of its causes, so that they name the author's files. Accepts any value. */
  remapStack(thrown: unknown): void {
    const seen = new Set<unknown>();
    for (let error = thrown; error instanceof Error && !seen.has(error); error = error.cause) {
      seen.add(error);
      const stack = error.stack && this.#remap(error.stack);
      if (stack !== error.stack) {
        Reflect.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
      }
    }
  }

  #remap(stack: string): string {
    let remapped = stack;
    for (const bundle of this.#maps.keys()) {
      if (!remapped.includes(bundle)) continue;
      const map = this.#mapOf(bundle);
      remapped = remapped.replace(new RegExp(`${literally(bundle)}:(\\d+):(\\d+)`, "g"), (found, line, column) => {
        const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
        if (!("originalSource" in entry)) return found;
        const file = resolve(dirname(bundle), entry.originalSource);
        return `${file}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
      });
    }
    return remapped;
  }

  #mapOf(bundle: string): SourceMap {
    const known = must(this.#maps.get(bundle), "only bundles that were added are looked for");
    if (typeof known !== "string") return known;
    const map = new SourceMap(JSON.parse(known));
    this.#maps.set(bundle, map);
    return map;
  }
}

/** The first position in a stack that lies in `directory` and is not of a package; otherwise the first in `directory`. */
export function firstPosition(stack: string, directory: string): SourcePosition | undefined {
  const positions = [...stack.matchAll(new RegExp(`(${literally(directory)}[^\\n]*?):(\\d+):(\\d+)`, "g"))];
  const isOwn = ([, file = ""]: RegExpExecArray) => !file.split(/[\\/]/).includes("node_modules");
  const [, file, line, column] = positions.find(isOwn) ?? positions[0] ?? [];
  return file === undefined ? undefined : { file, line: Number(line), column: Number(column) };
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
