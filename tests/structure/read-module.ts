import { transform } from "esbuild";
import { type Token, tokensOf } from "./tokens.ts";

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

/** Reads a module. Types are told apart by having the compiler strip them: what is left is loaded. */
export async function readModule(path: string, source: string): Promise<ModuleText> {
  const loader = path.endsWith(".tsx") ? "tsx" : "ts";
  const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } };
  const { code } = await transform(source, { loader, tsconfigRaw, jsx: "automatic" });
  const running = tokensOf(code);
  const { now: values, lazy, passedOn } = specifiersIn(running);
  // JSX is not read: in files that hold it, types are not told apart.
  const all = loader === "tsx" ? specifiersIn(running) : specifiersIn(tokensOf(source));
  const loaded = new Set([...values, ...lazy]);
  const types = [...all.now, ...all.lazy].filter((specifier) => !loaded.has(specifier));
  return { values, lazy, types, passedOn, changing: changingIn(running), lines: source.split("\n").length - 1 };
}

function specifiersIn(tokens: readonly Token[]): { now: string[]; lazy: string[]; passedOn: string[] } {
  const now: string[] = [];
  const lazy: string[] = [];
  const passedOn: string[] = [];
  tokens.forEach(({ kind, text, depth }, i) => {
    const next = tokens[i + 1];
    if (kind !== "word") return;
    if (text === "import" && next?.text === "(") {
      const [, , specifier] = tokens.slice(i, i + 3);
      if (specifier?.kind === "string") lazy.push(specifier.text);
    } else if (depth === 0 && (text === "from" || text === "import") && next?.kind === "string") {
      now.push(next.text);
      if (text === "from" && startsPassingOn(tokens, i)) passedOn.push(next.text);
    }
  });
  return { now, lazy, passedOn };
}

/** Does `export *`, with or without a name, stand before this `from`? */
function startsPassingOn(tokens: readonly Token[], from: number): boolean {
  const before = tokens.slice(Math.max(0, from - 4), from).map((token) => token.text);
  return before.slice(-2).join(" ") === "export *" || before.join(" ").startsWith("export * as");
}

const MUTATORS = new Set(
  "set add delete clear push pop shift unshift splice sort reverse fill copyWithin append".split(" "),
);
const MADE_TO_BE_FILLED = /^new (Map|Set|WeakMap|WeakSet|Array) \( \)|^new (WeakMap|WeakSet) |^\[ \]|^\{ \}/;
const ASSIGNS = /^(\+\+|--|[-+*/%&|^<>?]*=)$/;

/**
 * Names declared at the top level that change: `let`, `var`, a collection that is made empty, and whatever is written to
 * or changed by a method somewhere in the module.
 */
function changingIn(tokens: readonly Token[]): string[] {
  const changing = new Set<string>();
  tokens.forEach((token, i) => {
    if (token.depth !== 0 || token.kind !== "word") return;
    const name = tokens[i + 1];
    if (token.text === "let" || token.text === "var") changing.add(name?.text ?? "");
    if (token.text !== "const" || name?.kind !== "word") return;
    const value = tokens.slice(i + 3, i + 8).map((each) => each.text);
    if (MADE_TO_BE_FILLED.test(`${value.join(" ")} `) || isChanged(tokens, name.text)) changing.add(name.text);
  });
  return [...changing];
}

function isChanged(tokens: readonly Token[], name: string): boolean {
  return tokens.some((token, i) => {
    if (token.kind !== "word" || token.text !== name || tokens[i - 1]?.text === ".") return false;
    const [, mark, member, after] = tokens.slice(i, i + 4);
    if (mark?.text === "." && member && after) {
      return MUTATORS.has(member.text) ? after.text === "(" : isAssigned(tokens, i + 3);
    }
    return mark?.text === "[" && isAssigned(tokens, endOf(tokens, i + 1) + 1);
  });
}

function isAssigned(tokens: readonly Token[], at: number): boolean {
  const mark = tokens[at];
  return mark?.kind === "mark" && ASSIGNS.test(mark.text) && !/^([<>]=|===?)$/.test(mark.text);
}

/** Where the bracket that opens here is closed. */
function endOf(tokens: readonly Token[], opening: number): number {
  const depth = tokens[opening]?.depth ?? 0;
  return tokens.findIndex((token, i) => i > opening && token.depth === depth);
}
