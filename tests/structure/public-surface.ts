import { basename } from "node:path";
import type { Node } from "oxc-parser";
import { childrenOf, type SyntaxTree } from "../support/syntax-tree.ts";
import { docstringOf, type Member, membersOf } from "./docstrings.ts";
import {
  type Declaration,
  declarationIn,
  declarationOf,
  importedDeclaration,
  keyOf,
  type PublicDeclaration,
  publicDeclarations,
  type ReadTree,
} from "./exported-declarations.ts";

/** Something that is missing from what the package shows to those who use it. */
export interface Finding {
  /** The entry and the name, as `client: ConvexClient.query`. Stays the same when files move. */
  readonly name: string;
  readonly sentence: string;
}

export interface Findings {
  /** Exported names, and members of exported classes, interfaces and object types, without a docstring. */
  readonly undocumented: readonly Finding[];
  /** Types of the project that a public signature names and that no entry exports. */
  readonly unexported: readonly Finding[];
}

/** Walks the declarations (`.d.ts`) of the entries. */
export function findingsIn(read: ReadTree, entries: readonly string[]): Findings {
  const declarations = publicDeclarations(read, entries);
  const exported = new Set(declarations.map(keyOf));
  const hidden = new Map<string, Finding>();
  for (const declaration of declarations) {
    for (const { by, named } of typesNamedBy(read, declaration)) {
      const key = keyOf(named);
      if (!exported.has(key) && !hidden.has(key)) hidden.set(key, unexported(declaration, by, named));
    }
  }
  return { undocumented: declarations.flatMap(undocumented), unexported: [...hidden.values()] };
}

function undocumented(declaration: PublicDeclaration): Finding[] {
  const { entry, tree, statements, exportedAs } = declaration;
  // What several names share is shown at none of them.
  const isDocumented = statements.some((statement) => !declaresSeveral(statement) && docstringOf(tree, statement));
  const members = Map.groupBy(publicMembers(declaration), ({ name }) => name);
  const bare = [...members].filter(([, parts]) => !parts.some(({ node }) => docstringOf(tree, node)));
  return [...(isDocumented ? [] : [""]), ...bare.map(([name]) => name)].map((member) => ({
    name: `${basename(entry, ".ts")}: ${exportedAs}${member}`,
    sentence: `${tree.path}: \`${exportedAs}${member}\` has no docstring.`,
  }));
}

function declaresSeveral(statement: Node): boolean {
  const declaration = declarationIn(statement);
  return declaration.type === "VariableDeclaration" && declaration.declarations.length > 1;
}

function unexported({ entry }: PublicDeclaration, by: string, { name, tree }: Declaration): Finding {
  return {
    name: `${basename(entry, ".ts")}: ${name}`,
    sentence: `${tree.path}: no entry exports \`${name}\`, which \`${by}\` names.`,
  };
}

/** All members but those whose docstring says `@internal`, and those whose meaning the language fixes. */
function publicMembers({ tree, statements }: Declaration): Member[] {
  return statements.flatMap((statement) => {
    const isError = extendsError(declarationIn(statement));
    return membersOf(statement).filter(({ name, node }) => {
      if (name.startsWith("[Symbol.") || (isError && name === ".name")) return false;
      return !docstringOf(tree, node)?.value.includes("@internal");
    });
  });
}

function extendsError(declaration: Node): boolean {
  if (declaration.type !== "ClassDeclaration" || declaration.superClass?.type !== "Identifier") return false;
  return declaration.superClass.name.endsWith("Error");
}

/** The types of the project that a declaration names: of parameters and results, of members, and those it extends. */
function typesNamedBy(read: ReadTree, declaration: PublicDeclaration): { by: string; named: Declaration }[] {
  const { tree, statements } = declaration;
  const own = new Set(statements.flatMap((statement) => [...typeParameters(statement)]));
  return signaturesOf(declaration).flatMap(({ name: by, node }) =>
    [...namedTypes(node)].flatMap((type) => {
      const named = own.has(type.name) && !type.from ? undefined : declarationOfType(read, tree, type);
      return named ? { by, named } : [];
    }),
  );
}

function declarationOfType(read: ReadTree, tree: SyntaxTree, { name, from }: NamedType): Declaration | undefined {
  return from === undefined ? declarationOf(read, tree, name) : importedDeclaration(read, tree, from, name);
}

/** The parts of a declaration that its users see, by the names under which they do. */
function signaturesOf(declaration: PublicDeclaration): Member[] {
  const { name, exportedAs, statements } = declaration;
  const members = publicMembers(declaration).map((member) => ({ ...member, name: exportedAs + member.name }));
  const parts = statements.flatMap((statement): Node[] => {
    const inside = declarationIn(statement);
    switch (inside.type) {
      case "VariableDeclaration":
        return inside.declarations.filter(({ id }) => id.type === "Identifier" && id.name === name);
      case "ClassDeclaration":
      case "TSInterfaceDeclaration":
        return childrenOf(inside).filter((part) => part !== inside.body);
      case "TSTypeAliasDeclaration": {
        const { typeAnnotation: type } = inside;
        // An editor shows what a computed type comes to, not the types that it is computed with.
        const isShown = type.type !== "TSTypeLiteral" && !isComputed(type);
        return isShown ? [inside] : childrenOf(inside).filter((part) => part !== type);
      }
      default:
        return [inside];
    }
  });
  return [...parts.map((node) => ({ name: exportedAs, node })), ...members];
}

function isComputed({ type }: Node): boolean {
  return type === "TSConditionalType" || type === "TSMappedType" || type === "TSIndexedAccessType";
}

/** A type by its name: in this file, or `from` another one. */
interface NamedType {
  readonly name: string;
  readonly from?: string;
}

function* namedTypes(node: Node): Generator<NamedType> {
  const type = typeNamedIn(node);
  if (type) yield type;
  for (const child of childrenOf(node)) yield* namedTypes(child);
}

function typeNamedIn(node: Node): NamedType | undefined {
  switch (node.type) {
    case "TSTypeReference":
      return localType(node.typeName);
    case "TSTypeQuery":
      return localType(node.exprName);
    case "TSInterfaceHeritage":
    case "TSClassImplements":
      return localType(node.expression);
    case "TSImportType":
      return node.qualifier?.type === "Identifier" ? { from: node.source.value, name: node.qualifier.name } : undefined;
    default:
      return undefined;
  }
}

function localType(node: Node): NamedType | undefined {
  return node.type === "Identifier" ? { name: node.name } : undefined;
}

function* typeParameters(node: Node): Generator<string> {
  if (node.type === "TSTypeParameter") yield node.name.name;
  for (const child of childrenOf(node)) yield* typeParameters(child);
}
