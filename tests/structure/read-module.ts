import type { Node } from "oxc-parser";
import { nodesIn, parse } from "../support/syntax-tree.ts";
import { changingNames } from "./module-state.ts";

/** What a module says about others, and what it keeps to itself for as long as the program runs. */
export interface ModuleText {
  /** What it loads when it runs, in order of appearance. */
  readonly values: readonly string[];
  /** What it loads only when it gets there: `import("…")`. */
  readonly lazy: readonly string[];
  /** What it only takes types from. */
  readonly types: readonly string[];
  /** From where it passes everything on: `export * from "…"`. */
  readonly passedOn: readonly string[];
  /** The names of what lives at its top level and changes. */
  readonly changing: readonly string[];
  /** How many lines it has. */
  readonly lines: number;
}

/** Reads a module of TypeScript or JavaScript, with JSX where the name of the file says so. */
export function readModule(path: string, text: string): ModuleText {
  const { program } = parse(path, text);
  const links = [...nodesIn(program)].flatMap((node) => linkOf(node) ?? []);
  const of = (when: Link["when"]) => links.filter((link) => link.when === when).map(({ specifier }) => specifier);
  const values = of("now");
  const lazy = of("late");
  const loaded = new Set([...values, ...lazy]);
  return {
    values,
    lazy,
    types: of("never").filter((specifier) => !loaded.has(specifier)),
    passedOn: links.filter(({ isAll }) => isAll).map(({ specifier }) => specifier),
    changing: changingNames(program),
    lines: text.split("\n").length - 1,
  };
}

/** One mention of another module. */
interface Link {
  readonly specifier: string;
  /** When the other module is loaded: with this one, when the program gets there, or never, as only types are taken. */
  readonly when: "now" | "late" | "never";
  /** Is everything passed on? */
  readonly isAll?: true;
}

/**
 * `import { type A } from "…"` loads the module, under `verbatimModuleSyntax`; only `import type` and `export type` load
 * nothing.
 */
function linkOf(node: Node): Link | undefined {
  switch (node.type) {
    case "ImportDeclaration":
      return { specifier: node.source.value, when: node.importKind === "type" ? "never" : "now" };
    case "ExportNamedDeclaration":
      if (!node.source) return undefined;
      return { specifier: node.source.value, when: node.exportKind === "type" ? "never" : "now" };
    case "ExportAllDeclaration":
      return { specifier: node.source.value, when: node.exportKind === "type" ? "never" : "now", isAll: true };
    case "TSExternalModuleReference":
      return { specifier: node.expression.value, when: "now" };
    case "TSImportType":
      return { specifier: node.source.value, when: "never" };
    case "ImportExpression": {
      const specifier = textOf(node.source);
      return specifier === undefined ? undefined : { specifier, when: "late" };
    }
    default:
      return undefined;
  }
}

/** A text that stands in the source as it is. */
function textOf(node: Node): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node.type !== "TemplateLiteral" || node.expressions.length > 0) return undefined;
  return node.quasis[0]?.value.cooked ?? undefined;
}
