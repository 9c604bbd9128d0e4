import { dirname, join } from "node:path";
import type { Comment, Node } from "oxc-parser";
import { isClass, isFunction, namedParts } from "../support/named-parts.ts";
import { lineAt, nodesIn, parse, type SyntaxTree } from "../support/syntax-tree.ts";
import { type Arrows, cyclesIn } from "./cycles.ts";
import { docstringOf, membersOf } from "./docstrings.ts";
import { publicDeclarations } from "./exported-declarations.ts";
import { readModule } from "./read-module.ts";
import { tests as testFiles } from "./rooms.ts";

/** How many lines something has, and where it is. */
export interface Sized {
  readonly lines: number;
  readonly where: string;
}

export interface Total {
  readonly files: number;
  readonly lines: number;
}

export interface Folder extends Total {
  readonly path: string;
  readonly commentWords: number;
}

/** What can be counted in the files of `lib/`. Lines are all lines of a file, comments and empty ones included. */
export interface Figures {
  readonly shipped: Total;
  readonly tests: Total;
  readonly medianFile: number;
  readonly medianFunction: number;
  readonly largestFile: Sized;
  readonly largestClass: Sized;
  readonly largestFunction: Sized;
  /** Words in docstrings of what the entries export, and of its members. */
  readonly publicWords: number;
  /** Words in all other comments. */
  readonly otherWords: number;
  readonly anys: number;
  /** Groups of files that know each other, types included, and of folders. */
  readonly fileCycles: readonly (readonly string[])[];
  readonly folderCycles: readonly (readonly string[])[];
  readonly folders: readonly Folder[];
}

/**
 * Counts, without its tests.
 * @param texts The files of `lib/`, by their paths.
 * @param entries Which of them the package exports.
 */
export function figuresOf(texts: ReadonlyMap<string, string>, entries: readonly string[]): Figures {
  const [tests = [], shipped = []] = [true, false].map((isTest) =>
    [...texts].filter(([path]) => isTest === testFiles.test(path)),
  );
  const trees = new Map(shipped.map(([path, text]) => [path, parse(path, text)]));
  const all = [...trees.values()];
  const functions = all.flatMap((tree) => sizesIn(tree, isFunction));
  const files = all.map(({ path, text }) => ({ lines: linesOf(text), where: path }));
  const publicWords = sum(publicDocstrings(trees, entries).map(wordsOf));
  const arrows = arrowsBetween(shipped);
  return {
    shipped: totalOf(shipped),
    tests: totalOf(tests),
    medianFile: median(files),
    medianFunction: median(functions),
    largestFile: largest(files),
    largestClass: largest(all.flatMap((tree) => sizesIn(tree, isClass))),
    largestFunction: largest(functions),
    publicWords,
    otherWords: sum(all.map(commentWords)) - publicWords,
    anys: sum(all.map(({ program }) => [...nodesIn(program)].filter(({ type }) => type === "TSAnyKeyword").length)),
    fileCycles: cyclesIn(arrows),
    folderCycles: cyclesIn(betweenFolders(arrows)),
    folders: foldersOf(all),
  };
}

const linesOf = (text: string): number => text.split("\n").length - 1;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

const totalOf = (texts: readonly (readonly [string, string])[]): Total => ({
  files: texts.length,
  lines: sum(texts.map(([, text]) => linesOf(text))),
});

function median(sizes: readonly Sized[]): number {
  const lines = sizes.map((size) => size.lines).sort((a, b) => a - b);
  return lines[Math.floor(lines.length / 2)] ?? 0;
}

function largest(sizes: readonly Sized[]): Sized {
  return sizes.reduce((most, each) => (each.lines > most.lines ? each : most), { lines: 0, where: "–" });
}

/** Only what has a name: a function that is passed to another belongs to the one around it. */
function sizesIn({ path, text, program }: SyntaxTree, isKind: (node: Node) => boolean): Sized[] {
  const named = [...namedParts(program)].filter(({ hasOwnName, node }) => hasOwnName && isKind(node));
  return named.map(({ name, node }) => {
    const first = lineAt(text, node.start);
    return { lines: lineAt(text, node.end) - first + 1, where: `${name}, ${path}:${first}` };
  });
}

/** Words hold a letter or a digit; the stars and slashes around them are none. */
function wordsOf({ value }: Comment): number {
  return value.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

const commentWords = ({ comments }: SyntaxTree): number => sum(comments.map(wordsOf));

function publicDocstrings(trees: ReadonlyMap<string, SyntaxTree>, entries: readonly string[]): Comment[] {
  const read = (path: string): SyntaxTree => trees.get(path) ?? parse(path, "");
  const found = publicDeclarations(read, entries).flatMap(({ tree, statements }) =>
    statements.flatMap((statement) => {
      const nodes = [statement, ...membersOf(statement).map(({ node }) => node)];
      return nodes.flatMap((node) => docstringOf(tree, node) ?? []);
    }),
  );
  return [...new Set(found)];
}

/** Which file mentions which, types included. */
function arrowsBetween(texts: readonly (readonly [string, string])[]): Arrows {
  const paths = new Set(texts.map(([path]) => path));
  return new Map(
    texts.map(([path, text]) => {
      const { values, lazy, types } = readModule(path, text);
      const known = [...values, ...lazy, ...types].map((specifier) => join(dirname(path), specifier));
      return [path, new Set(known.filter((other) => paths.has(other)))];
    }),
  );
}

function betweenFolders(arrows: Arrows): Arrows {
  const folders = new Map<string, Set<string>>();
  for (const [path, known] of arrows) {
    const folder = dirname(path);
    const others = [...known].map(dirname).filter((other) => other !== folder);
    folders.set(folder, new Set([...(folders.get(folder) ?? []), ...others]));
  }
  return folders;
}

function foldersOf(trees: readonly SyntaxTree[]): Folder[] {
  const folders = [...Map.groupBy(trees, ({ path }) => dirname(path))].map(([path, inside]) => ({
    path,
    files: inside.length,
    lines: sum(inside.map(({ text }) => linesOf(text))),
    commentWords: sum(inside.map(commentWords)),
  }));
  return folders.sort((a, b) => (a.path < b.path ? -1 : 1));
}
