/** The parts between the commas of `create table … (…)`: columns and constraints, as they were written. */
export function definitionsIn(sql: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const token of sql.match(TOKEN) ?? []) {
    if (/^(--|\/\*)/.test(token)) continue;
    if (token === "(" && depth++ === 0) continue;
    if (token === ")" && --depth === 0) break;
    if (depth === 0) continue;
    if (token === "," && depth === 1) {
      parts.push(part.trim());
      part = "";
    } else part += token;
  }
  return [...parts, part.trim()];
}

/** What a definition is of, when it is of a column. */
export function nameIn(definition: string): string {
  const [token = ""] = definition.match(TOKEN) ?? [];
  const [quote] = token;
  if (quote !== '"' && quote !== "`" && quote !== "[") return /^[^\s(]*/.exec(definition)?.[0] ?? "";
  const end = quote === "[" ? "]" : quote;
  return token.slice(1, -1).replaceAll(end + end, end);
}

/** A text, a name, a comment, a sign, or what is between them. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\/|[(),]|[^'"`[(),/-]+|[-/]/g;
