import type { Node } from "oxc-parser";
import { nodesIn, parse, type SyntaxTree } from "../support/syntax-tree.ts";

/**
 * Code with blanks, to be found in other code by its syntax: formatting, comments, brackets and annotations of types do
 * not matter. `$name` stands for any expression, statement or name, and for an equal one where it is repeated; `$$name`
 * for any number of arguments, statements, elements or properties; `#$name` for a private name; `$_` and `$$_` for what is
 * not used again.
 */
export type CodePattern = string;

/** Code that a pattern fits, with the code that stands in its blanks. */
export interface Match {
  readonly start: number;
  readonly end: number;
  readonly blanks: ReadonlyMap<string, string>;
}

/** Where the pattern fits in a part of a syntax tree. */
export function matchesIn({ text }: SyntaxTree, part: Node, code: CodePattern): Match[] {
  const pattern = patternOf(code);
  return [...nodesIn(part)].flatMap((node) => {
    if (node.type === "ParenthesizedExpression") return [];
    const blanks: Blanks = new Map();
    if (!fits(pattern, node, blanks)) return [];
    const texts = [...blanks].map(([name, nodes]) => [name, textOf(nodes, text)] as const);
    return [{ start: node.start, end: node.end, blanks: new Map(texts) }];
  });
}

/** A statement, or an expression when there is no semicolon after it. */
function patternOf(code: CodePattern): Node {
  // A place in which `await`, `return` and private names may stand.
  const { program } = parse("pattern.ts", `(class { async _() { ${code} } })`);
  const body = [...nodesIn(program)].find(({ type }) => type === "BlockStatement");
  const [statement, ...others] = body?.type === "BlockStatement" ? body.body : [];
  if (!statement || others.length > 0) throw new Error(`Expected one statement or expression. Found: ${code}`);
  const isExpression = statement.type === "ExpressionStatement" && !/[;}]\s*$/.test(code);
  return isExpression ? statement.expression : statement;
}

type Blanks = Map<string, readonly Node[]>;

const PLACES = new Set(["start", "end", "raw"]);
/** What a pattern may leave out. */
const ANNOTATIONS = new Set(["typeAnnotation", "returnType", "typeParameters", "typeArguments"]);

function fits(pattern: unknown, found: unknown, blanks: Blanks): boolean {
  if (Array.isArray(pattern)) return Array.isArray(found) && listFits(pattern, found, blanks);
  if (!isObject(pattern) || !isObject(found)) return pattern === found;
  const blank = blankIn(pattern);
  if (blank?.startsWith("#") && Reflect.get(found, "type") !== "PrivateIdentifier") return false;
  if (blank) return isNode(found) && fill(blank, [found], blanks);
  const [expected, actual] = [withoutBrackets(pattern), withoutBrackets(found)];
  return Object.entries(expected).every(([key, value]) => {
    if (PLACES.has(key) || (ANNOTATIONS.has(key) && value === null)) return true;
    return fits(value, Reflect.get(actual, key), blanks);
  });
}

function listFits(pattern: readonly unknown[], found: readonly unknown[], blanks: Blanks): boolean {
  const at = pattern.findIndex((each) => isObject(each) && blankIn(each)?.startsWith("$$"));
  if (at < 0) {
    return pattern.length === found.length && pattern.every((each, i) => fits(each, found[i], blanks));
  }
  const after = pattern.length - at - 1;
  const rest = found.slice(at, found.length - after);
  return (
    found.length >= pattern.length - 1 &&
    listFits(pattern.slice(0, at), found.slice(0, at), blanks) &&
    fill(blankIn(pattern[at] as object) ?? "", rest.filter(isNode), blanks) &&
    listFits(pattern.slice(at + 1), found.slice(found.length - after), blanks)
  );
}

/** The name of the blank that a part of a pattern is: in an expression, as a statement, as a property. */
function blankIn(part: object): string | undefined {
  if (!isNode(part)) return undefined;
  switch (part.type) {
    case "Identifier":
      return part.name.startsWith("$") ? part.name : undefined;
    case "PrivateIdentifier":
      return part.name.startsWith("$") ? `#${part.name}` : undefined;
    case "ExpressionStatement":
      return blankIn(part.expression);
    case "Property":
      return part.shorthand ? blankIn(part.key) : undefined;
    default:
      return undefined;
  }
}

/** @returns whether what stands there is what stands in the blank already, if anything does. */
function fill(blank: string, nodes: readonly Node[], blanks: Blanks): boolean {
  if (blank.endsWith("$_")) return true;
  const before = blanks.get(blank);
  if (before) return fits(before, nodes, new Map());
  blanks.set(blank, nodes);
  return true;
}

function textOf(nodes: readonly Node[], text: string): string {
  const [first, last] = [nodes[0], nodes.at(-1)];
  return first && last ? text.slice(first.start, last.end) : "";
}

function withoutBrackets(part: object): object {
  return isNode(part) && part.type === "ParenthesizedExpression" ? withoutBrackets(part.expression) : part;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isNode(value: unknown): value is Node {
  return isObject(value) && "type" in value && "start" in value;
}
