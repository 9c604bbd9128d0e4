import { type NamedPart, namedParts } from "../support/named-parts.ts";
import { lineAt, parse, type SyntaxTree } from "../support/syntax-tree.ts";
import { type CodePattern, type Match, matchesIn } from "./code-pattern.ts";

/** A change of the code in one function. */
export interface Edit {
  /** Below the root of the project. */
  readonly file: string;
  /** Name of the function, method or class: `refusal`, `#connect`; `Connection.#connect` where the file has several. */
  readonly in: string;
  /** The code that stands in it exactly once. */
  readonly find: CodePattern;
  /** Other code that stands in it exactly once, where `put` needs more names than `find` has blanks. */
  readonly given?: CodePattern;
  /** What stands there afterwards. `$name` is what stood in the blank; `$0` is all that was found. */
  readonly put: string;
}

/**
 * Makes the edit in the text of its file.
 * @throws when the function, or the code in it, is not there exactly once.
 */
export function edited(text: string, edit: Edit): string {
  const tree = parse(edit.file, text);
  const part = partOf(tree, edit);
  const found = onlyMatch(tree, part, edit, edit.find);
  const given = edit.given === undefined ? undefined : onlyMatch(tree, part, edit, edit.given);
  const blanks = new Map([...found.blanks, ...(given?.blanks ?? []), ["$0", text.slice(found.start, found.end)]]);
  const after = text.slice(0, found.start) + filled(edit.put, blanks) + text.slice(found.end);
  parse(edit.file, after);
  return after;
}

function partOf(tree: SyntaxTree, edit: Edit): NamedPart {
  const parts = [...namedParts(tree.program)].filter(({ hasOwnName }) => hasOwnName);
  const [part, ...others] = parts.filter(({ name }) => name === edit.in || name.endsWith(`.${edit.in}`));
  if (part && others.length === 0) return part;
  const found = part ? `${others.length + 1} times` : "nowhere";
  const names = parts.map(({ name }) => name).join(", ");
  throw new Error(
    `A planted bug expects \`${edit.in}\` once in ${edit.file}, and found it ${found}. ` +
      `Say in tests/planted/bugs.ts which function or file has its code now. This file has: ${names}.`,
  );
}

function onlyMatch(tree: SyntaxTree, part: NamedPart, edit: Edit, pattern: CodePattern): Match {
  const matches = matchesIn(tree, part.node, pattern);
  const [match, ...others] = matches;
  if (match && others.length === 0) return match;
  const lines = matches.map(({ start }) => lineAt(tree.text, start));
  const found = match ? `it ${matches.length} times, in the lines ${lines.join(", ")}.` : "it nowhere.";
  throw new Error(
    `A planted bug expects this code once in \`${part.name}\` of ${edit.file}:\n  ${pattern}\n` +
      `and found ${found}${match ? "" : elsewhere(tree, part, pattern)} ` +
      "Say in tests/planted/bugs.ts how the code looks now, so that the bug is the same.",
  );
}

/** Where else in the file the pattern fits. */
function elsewhere(tree: SyntaxTree, part: NamedPart, pattern: CodePattern): string {
  const others = [...namedParts(tree.program)].filter(
    ({ name, hasOwnName, node }) =>
      hasOwnName && !part.name.startsWith(name) && matchesIn(tree, node, pattern).length > 0,
  );
  return others.length === 0 ? "" : ` It stands in ${others.map(({ name }) => `\`${name}\``).join(", ")}.`;
}

function filled(put: string, blanks: ReadonlyMap<string, string>): string {
  return put.replace(/#?\$\$?[a-z]\w*|\$0/gi, (blank) => {
    const text = blanks.get(blank);
    if (text === undefined) throw new Error(`A planted bug puts ${blank}, which is not in what it finds:\n${put}`);
    return text;
  });
}
