import { dirname, join } from "node:path";
import type { Node } from "oxc-parser";
import type { SyntaxTree } from "../support/syntax-tree.ts";

/** Finds the syntax tree of a file by its path from the root. */
export type ReadTree = (path: string) => SyntaxTree;

/** What stands behind an exported name. */
export interface Declaration {
  readonly name: string;
  readonly tree: SyntaxTree;
  /** The statements that declare it: several for an overloaded function, and for a type and a value of one name. */
  readonly statements: readonly Node[];
}

/** A declaration as an entry exports it. */
export interface PublicDeclaration extends Declaration {
  readonly entry: string;
  /** Its name in the entry. */
  readonly exportedAs: string;
}

/** Which declaration it is, under whatever names it is imported and exported. */
export const keyOf = ({ tree, name }: Declaration): string => `${tree.path}#${name}`;

/** Everything that the entries export and that is declared in the project: each declaration once, by its first entry. */
export function publicDeclarations(read: ReadTree, entries: readonly string[]): PublicDeclaration[] {
  const found = new Map<string, PublicDeclaration>();
  for (const entry of entries) {
    for (const exportedAs of exportedNames(read, entry)) {
      const declaration = exported(read, entry, exportedAs);
      if (!declaration || found.has(keyOf(declaration))) continue;
      found.set(keyOf(declaration), { ...declaration, entry, exportedAs });
    }
  }
  return [...found.values()];
}

function exportedNames(read: ReadTree, path: string): string[] {
  const names = read(path).exports.flatMap(({ exportName, moduleRequest }) => {
    if (exportName.kind === "Default") return "default";
    if (exportName.name !== null) return exportName.name;
    const other = moduleRequest && inProject(path, moduleRequest.value);
    return other ? exportedNames(read, other).filter((name) => name !== "default") : [];
  });
  return [...new Set(names)];
}

/** @returns undefined when the name leads out of the project, to a package. */
function exported(read: ReadTree, path: string, name: string): Declaration | undefined {
  const tree = read(path);
  const entry = tree.exports.find(({ exportName }) =>
    name === "default" ? exportName.kind === "Default" : exportName.name === name,
  );
  if (!entry) return exportedByStar(read, tree, name);
  if (!entry.moduleRequest) return declarationOf(read, tree, entry.localName.name ?? "default");
  const other = inProject(path, entry.moduleRequest.value);
  return other === undefined ? undefined : exported(read, other, entry.importName.name ?? "*");
}

function exportedByStar(read: ReadTree, { path, exports }: SyntaxTree, name: string): Declaration | undefined {
  for (const { importName, moduleRequest } of exports) {
    const other = importName.kind === "AllButDefault" && moduleRequest && inProject(path, moduleRequest.value);
    const declaration = other ? exported(read, other, name) : undefined;
    if (declaration) return declaration;
  }
  return undefined;
}

/**
 * What a name means at the top level of a module: declared there, or imported from another file.
 * @returns undefined when it means nothing there, or something of a package.
 */
export function declarationOf(read: ReadTree, tree: SyntaxTree, name: string): Declaration | undefined {
  const statements = tree.program.body.filter((statement) => declaredNames(statement).includes(name));
  if (statements.length > 0) return { name, tree, statements };
  for (const statement of tree.program.body) {
    if (statement.type !== "ImportDeclaration") continue;
    const specifier = statement.specifiers.find(({ local }) => local.name === name);
    const other = specifier && inProject(tree.path, statement.source.value);
    if (!specifier || !other) continue;
    if (specifier.type === "ImportDefaultSpecifier") return exported(read, other, "default");
    if (specifier.type === "ImportNamespaceSpecifier") return undefined;
    const { imported } = specifier;
    return exported(read, other, imported.type === "Identifier" ? imported.name : imported.value);
  }
  return undefined;
}

/** What a relative specifier and a name lead to: `import("./store.ts").Store`. */
export function importedDeclaration(
  read: ReadTree,
  { path }: SyntaxTree,
  from: string,
  name: string,
): Declaration | undefined {
  const other = inProject(path, from);
  return other === undefined ? undefined : exported(read, other, name);
}

/** The declaration in a statement, without `export`. */
export function declarationIn(statement: Node): Node {
  if (statement.type === "ExportNamedDeclaration") return statement.declaration ?? statement;
  return statement.type === "ExportDefaultDeclaration" ? statement.declaration : statement;
}

/** The names that a statement declares. */
export function declaredNames(statement: Node): string[] {
  const declaration = declarationIn(statement);
  const names = ownNames(declaration);
  return statement.type === "ExportDefaultDeclaration" ? [...names, "default"] : names;
}

function ownNames(declaration: Node): string[] {
  switch (declaration.type) {
    case "VariableDeclaration":
      return declaration.declarations.flatMap(({ id }) => boundNames(id));
    case "FunctionDeclaration":
    case "TSDeclareFunction":
    case "ClassDeclaration":
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSEnumDeclaration":
      return declaration.id ? [declaration.id.name] : [];
    default:
      return [];
  }
}

function boundNames(pattern: Node): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((part) => boundNames(part.type === "Property" ? part.value : part.argument));
    case "ArrayPattern":
      return pattern.elements.flatMap((part) => (part ? boundNames(part) : []));
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "RestElement":
      return boundNames(pattern.argument);
    default:
      return [];
  }
}

/** The path from the root that a relative specifier names. */
function inProject(from: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? join(dirname(from), specifier) : undefined;
}
