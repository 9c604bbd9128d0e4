import type { Class, Node, Program, Statement, VariableDeclaration } from "oxc-parser";
import { childrenOf } from "../support/syntax-tree.ts";

/**
 * Names declared at the top level that change: `let`, `var`, a collection that is made empty, static fields of a class
 * that are not readonly, and everything that the module assigns to, deletes from or changes by a method.
 */
export function changingNames(program: Program): string[] {
  const declared = program.body.flatMap(declaredBy);
  const changed = new Set(changedIn(program, new Set()));
  return [...new Set(declared.filter(({ name, changes }) => changes || changed.has(name)).map(({ name }) => name))];
}

interface Declared {
  readonly name: string;
  /** Says the declaration alone that it changes? */
  readonly changes: boolean;
}

/** What a statement declares or imports for the module, types not counted. */
function declaredBy(statement: Statement): Declared[] {
  const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
  switch (declaration?.type) {
    case "VariableDeclaration":
      return declaration.declare ? [] : variablesOf(declaration);
    case "ClassDeclaration":
      return declaration.declare || !declaration.id ? [] : [constant(declaration.id.name), ...staticsOf(declaration)];
    case "FunctionDeclaration":
      return declaration.id ? [constant(declaration.id.name)] : [];
    case "ImportDeclaration":
      return declaration.specifiers.map(({ local }) => constant(local.name));
    default:
      return [];
  }
}

const constant = (name: string): Declared => ({ name, changes: false });

function variablesOf({ kind, declarations }: VariableDeclaration): Declared[] {
  return declarations.flatMap(({ id, init }) => {
    const changes = kind === "let" || kind === "var" || (init !== null && isMadeToBeFilled(init));
    return namesIn(id).map((name) => ({ name, changes }));
  });
}

function staticsOf(declaration: Class): Declared[] {
  return declaration.body.body.flatMap((member) => {
    if (member.type !== "PropertyDefinition" || !member.static || member.declare) return [];
    const key = "name" in member.key ? member.key.name : "…";
    const changes = !member.readonly || (member.value !== null && isMadeToBeFilled(member.value));
    return [{ name: `${declaration.id?.name}.${key}`, changes }];
  });
}

/** A collection without content, or one whose content cannot be listed. */
function isMadeToBeFilled(expression: Node): boolean {
  const value = unwrapped(expression);
  if (value.type === "ArrayExpression") return value.elements.length === 0;
  if (value.type === "ObjectExpression") return value.properties.length === 0;
  if (value.type !== "NewExpression" || value.callee.type !== "Identifier") return false;
  if (/^Weak(Map|Set)$/.test(value.callee.name)) return true;
  return /^(Map|Set|Array)$/.test(value.callee.name) && value.arguments.length === 0;
}

/** The names in the syntax tree that are changed, but for those that a function or block declares for itself. */
function* changedIn(node: Node, local: ReadonlySet<string>): Generator<string> {
  const here = new Set([...local, ...localNames(node)]);
  for (const target of changedBy(node)) {
    const name = ownerOf(target);
    if (name !== undefined && !here.has(name)) yield name;
  }
  for (const child of childrenOf(node)) yield* changedIn(child, here);
}

const MUTATORS = new Set(
  "set add delete clear push pop shift unshift splice sort reverse fill copyWithin append".split(" "),
);
const MUTATORS_OF_OBJECT = new Set(["assign", "defineProperty", "defineProperties", "setPrototypeOf"]);

/** What the expression itself changes. */
function changedBy(node: Node): Node[] {
  switch (node.type) {
    case "AssignmentExpression":
      return assignedBy(node.left);
    case "UpdateExpression":
      return [node.argument];
    case "UnaryExpression":
      return node.operator === "delete" ? [node.argument] : [];
    case "CallExpression": {
      const { callee, arguments: given } = node;
      if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier" || callee.computed) return [];
      if (MUTATORS.has(callee.property.name)) return [callee.object];
      const isOfObject = callee.object.type === "Identifier" && callee.object.name === "Object";
      return isOfObject && MUTATORS_OF_OBJECT.has(callee.property.name) ? given.slice(0, 1) : [];
    }
    default:
      return [];
  }
}

/** The targets of an assignment: several where it takes a value apart. */
function assignedBy(target: Node): Node[] {
  switch (target.type) {
    case "ArrayPattern":
    case "ObjectPattern":
      return childrenOf(target).flatMap(assignedBy);
    case "Property":
      return assignedBy(target.value);
    case "AssignmentPattern":
      return assignedBy(target.left);
    case "RestElement":
      return assignedBy(target.argument);
    default:
      return [target];
  }
}

/** The name in front: `a` of `a.b[c]`. */
function ownerOf(expression: Node): string | undefined {
  const value = unwrapped(expression);
  if (value.type === "MemberExpression") return ownerOf(value.object);
  return value.type === "Identifier" ? value.name : undefined;
}

/** An expression without brackets and without what is said about its type. */
function unwrapped(node: Node): Node {
  switch (node.type) {
    case "ParenthesizedExpression":
    case "ChainExpression":
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
    case "TSTypeAssertion":
      return unwrapped(node.expression);
    default:
      return node;
  }
}

/** The names that a function, a block or a loop declares for what is inside it. */
function localNames(node: Node): string[] {
  switch (node.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return node.params.flatMap(namesIn);
    case "BlockStatement":
    case "StaticBlock":
      return node.body.flatMap(declaredBy).map(({ name }) => name);
    case "SwitchStatement":
      return node.cases.flatMap(({ consequent }) => consequent.flatMap(declaredBy)).map(({ name }) => name);
    case "ForStatement":
      return node.init?.type === "VariableDeclaration" ? variablesOf(node.init).map(({ name }) => name) : [];
    case "ForOfStatement":
    case "ForInStatement":
      return node.left.type === "VariableDeclaration" ? variablesOf(node.left).map(({ name }) => name) : [];
    case "CatchClause":
      return node.param ? namesIn(node.param) : [];
    default:
      return [];
  }
}

/** The names that a parameter or the left side of a declaration gives. */
function namesIn(pattern: Node): string[] {
  if (pattern.type === "TSParameterProperty") return namesIn(pattern.parameter);
  return assignedBy(pattern).flatMap((target) => (target.type === "Identifier" ? [target.name] : []));
}
