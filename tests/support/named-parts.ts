import type { Node } from "oxc-parser";
import { childrenOf } from "./syntax-tree.ts";

/** A function or class, by the name under which it is found in the file. */
export interface NamedPart {
  /**
   * The names around it and its own, as `Store.#load`, `createStore.load` or `statements.load`. A function without a name
   * has that of what it stands in.
   */
  readonly name: string;
  readonly hasOwnName: boolean;
  readonly node: Node;
}

/** The functions, methods and classes in a syntax tree, in the order of the text. */
export function* namedParts(node: Node, outer = "", own?: string): Generator<NamedPart> {
  const name = [outer, own ?? declaredName(node)].filter(Boolean).join(".");
  if (isFunction(node) || isClass(node)) yield { name, hasOwnName: name !== outer, node };
  for (const child of childrenOf(node)) {
    const value = valueNamedBy(child);
    for (const part of value ? childrenOf(child) : [child]) {
      yield* namedParts(part, name, part === value?.node ? value.name : undefined);
    }
  }
}

export function isFunction(node: Node): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

export function isClass(node: Node): boolean {
  return node.type === "ClassDeclaration" || node.type === "ClassExpression";
}

function declaredName(node: Node): string | undefined {
  if (node.type !== "FunctionDeclaration" && node.type !== "ClassDeclaration") return undefined;
  return node.id?.name;
}

/** The function, class or object that a variable, field, method or property gives its name to. */
function valueNamedBy(node: Node): { name: string; node: Node } | undefined {
  switch (node.type) {
    case "VariableDeclarator":
      return node.init && holdsFunctions(node.init) ? named(node.id, node.init) : undefined;
    case "PropertyDefinition":
    case "AccessorProperty":
      return node.value && holdsFunctions(node.value) ? named(node.key, node.value) : undefined;
    case "MethodDefinition":
      return named(node.key, node.value);
    case "Property":
      return holdsFunctions(node.value) ? named(node.key, node.value) : undefined;
    default:
      return undefined;
  }
}

function holdsFunctions(node: Node): boolean {
  return isFunction(node) || isClass(node) || node.type === "ObjectExpression";
}

function named(key: Node, node: Node): { name: string; node: Node } | undefined {
  if (key.type === "Identifier") return { name: key.name, node };
  return key.type === "PrivateIdentifier" ? { name: `#${key.name}`, node } : undefined;
}
