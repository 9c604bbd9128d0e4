import { type Comment, type Node, type Program, parseSync, type StaticExportEntry, visitorKeys } from "oxc-parser";

/** A source file and its syntax tree; the offsets in the tree count the characters of the text. */
export interface SyntaxTree {
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
  /** One for each name that it exports, and one for each `export *`. */
  readonly exports: readonly StaticExportEntry[];
}

/**
 * Parses JavaScript or TypeScript, with JSX where the name of the file says so.
 * @throws when the text is not valid, with the place.
 */
export function parse(path: string, text: string): SyntaxTree {
  const { program, module, comments, errors } = parseSync(path, text);
  const [first] = errors;
  if (first) throw new SyntaxError(`${path}: ${first.message}\n${first.codeframe ?? ""}`);
  return { path, text, program, comments, exports: module.staticExports.flatMap(({ entries }) => entries) };
}

/** The nodes directly inside a node, in the order of the text. */
export function childrenOf(node: Node): Node[] {
  const parts = (visitorKeys[node.type] ?? []).flatMap((key): unknown => Reflect.get(node, key));
  return parts.filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

/** A node and all the nodes inside it, in the order of the text. */
export function* nodesIn(node: Node): Generator<Node> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesIn(child);
}

/** The line of an offset, counted from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
