/** One word, number, mark or string of a source text. Comments are none; the inside of a template is none either. */
export interface Token {
  readonly kind: "word" | "mark" | "string";
  /** A string without its quotes. */
  readonly text: string;
  /** How many brackets are open around it: 0 at the top level. */
  readonly depth: number;
}

const SPACE = /\s+/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$]*|\d[\w.]*/uy;
const STRING = /"((?:[^"\\\n]|\\[\s\S])*)"|'((?:[^'\\\n]|\\[\s\S])*)'/y;
const REGEX = /\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const TEMPLATE_TEXT = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;
const MARK = /=>|\+\+|--|[-+*/%&|^<>=!?]*=|\?\.|\.\.\.|[\s\S]/y;

/** After these words a slash begins a regular expression, as after most marks. */
const BEFORE_OPERAND = new Set(["return", "typeof", "case", "in", "of", "await", "yield", "void", "else", "new"]);

/** Reads JavaScript or TypeScript (no JSX) as far as it takes to find imports and declarations. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  /** What each open bracket will close: "`" for the `${` of a template. */
  const open: string[] = [];
  let at = 0;

  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const push = (kind: Token["kind"], text: string) => tokens.push({ kind, text, depth: open.length });
  const template = () => {
    take(TEMPLATE_TEXT);
    if (source[at] === "`") at++;
    else {
      at += 2;
      open.push("`");
    }
  };

  while (at < source.length) {
    if (take(SPACE) || take(COMMENT)) continue;
    const string = take(STRING);
    if (string) {
      push("string", string[1] ?? string[2] ?? "");
      continue;
    }
    const word = take(WORD);
    if (word) {
      push("word", word[0]);
      continue;
    }
    const unit = source[at];
    if (unit === "/" && expectsOperand(tokens.at(-1)) && take(REGEX)) push("string", "");
    else if (unit === "`") {
      push("string", "");
      at++;
      template();
    } else if (unit === "}" && open.at(-1) === "`") {
      open.pop();
      at++;
      template();
    } else {
      const mark = take(MARK)?.[0] ?? "";
      if (/^[)\]}]$/.test(mark)) open.pop();
      push("mark", mark);
      if (/^[([{]$/.test(mark)) open.push(mark);
    }
  }
  return tokens;
}

function expectsOperand(before: Token | undefined): boolean {
  if (!before) return true;
  if (before.kind === "word") return BEFORE_OPERAND.has(before.text);
  return before.kind === "mark" && !/^([)\]}]|\+\+|--)$/.test(before.text);
}
