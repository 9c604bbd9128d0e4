/** Characters of one text of the log. */
const LONGEST = 2_000;

/**
 * Control characters but tab and line feed, and those that turn the direction of text: a terminal obeys them, so a text
 * could clear the screen, overwrite a line or look like another.
 */
const OBEYED = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The text without what a terminal would obey, and cut where it is long. */
export function printable(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)} … (${text.length} characters)` : text;
  return cut.replace(OBEYED, (character) => (character === "\n" || character === "\t" ? character : ""));
}

/**
 * What an error says, without the values that a caller has sent: a password would stay in the log. Drizzle writes the
 * parameters of a statement behind its text, and databases quote values in some of their messages.
 */
export function withoutValues(error: Error, text: string): string {
  if (Reflect.has(error, "params") && Reflect.has(error, "query")) return text.replace(/\nparams: [\s\S]*$/, "");
  const code: unknown = Reflect.get(error, "code");
  if (typeof code !== "string") return text;
  // PostgreSQL's errors of values that are not of their type.
  if (/^22\w{3}$/.test(code)) return text.replace(/"[\s\S]*"/, '"…"');
  return text
    .replace(/^(Key \(.*?\)=|Failing row contains )\([\s\S]*\)/, "$1(…)")
    .replace(/^(Duplicate entry |(?:Incorrect|Truncated incorrect) [\w ]+ value: )'[\s\S]*'/, "$1'…'");
}
