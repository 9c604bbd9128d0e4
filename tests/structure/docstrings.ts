import type { Comment, Node } from "oxc-parser";
import type { SyntaxTree } from "../support/syntax-tree.ts";
import { declarationIn } from "./exported-declarations.ts";

/** The docstring of a declaration or member: the `/** … *\/` directly before it. */
export function docstringOf({ text, comments }: SyntaxTree, node: Node): Comment | undefined {
  return comments.find(
    ({ type, value, end, start }) =>
      type === "Block" && value.startsWith("*") && start < node.start && text.slice(end, node.start).trim() === "",
  );
}

/** One thing that a class, an interface or an object type has. */
export interface Member {
  /** Its name, as it stands behind the name of the whole: `.size`, `[Symbol.iterator]`, `()`. */
  readonly name: string;
  readonly node: Node;
}

/** The members of what a statement declares, if that has any; private ones are left out. */
export function membersOf(statement: Node): Member[] {
  const declaration = declarationIn(statement);
  switch (declaration.type) {
    case "TSInterfaceDeclaration":
      return declaration.body.body.flatMap(memberOf);
    case "ClassDeclaration":
      return declaration.body.body.flatMap(memberOf);
    case "TSTypeAliasDeclaration": {
      const { typeAnnotation } = declaration;
      return typeAnnotation.type === "TSTypeLiteral" ? typeAnnotation.members.flatMap(memberOf) : [];
    }
    default:
      return [];
  }
}

function memberOf(node: Node): Member[] {
  switch (node.type) {
    case "PropertyDefinition":
    case "MethodDefinition":
    case "AccessorProperty":
    case "TSAbstractPropertyDefinition":
    case "TSAbstractMethodDefinition":
    case "TSAbstractAccessorProperty":
      if (node.accessibility === "private" || node.key.type === "PrivateIdentifier") return [];
      return [{ name: keyName(node), node }];
    case "TSPropertySignature":
    case "TSMethodSignature":
      return [{ name: keyName(node), node }];
    case "TSCallSignatureDeclaration":
      return [{ name: "()", node }];
    case "TSConstructSignatureDeclaration":
      return [{ name: "new ()", node }];
    case "TSIndexSignature":
      return [{ name: "[]", node }];
    default:
      return [];
  }
}

/** `.name`, `["a name"]` or `[Symbol.iterator]`: as it stands behind the name of what it belongs to. */
function keyName({ key, computed }: { readonly key: Node; readonly computed: boolean }): string {
  if (key.type === "Literal") return `[${JSON.stringify(key.value)}]`;
  return computed ? `[${dotted(key)}]` : `.${dotted(key)}`;
}

function dotted(key: Node): string {
  if (key.type === "Identifier") return key.name;
  if (key.type !== "MemberExpression" || key.property.type === "PrivateIdentifier") return "…";
  return `${dotted(key.object)}.${dotted(key.property)}`;
}
