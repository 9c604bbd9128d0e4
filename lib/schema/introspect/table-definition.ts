/** The columns and constraints of `create table … (…)`, as they were written. */
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

/** The name of the column that a definition defines. For a constraint it is the first word or name. */
export function nameIn(definition: string): string {
  const [token = ""] = definition.match(TOKEN) ?? [];
  const [quote] = token;
  if (quote !== '"' && quote !== "`" && quote !== "[") return /^[^\s(]*/.exec(definition)?.[0] ?? "";
  const end = quote === "[" ? "]" : quote;
  return token.slice(1, -1).replaceAll(end + end, end);
}

/** A text, a quoted name, a comment, a bracket, a comma, or what is between them. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\/|[(),]|[^'"`[(),/-]+|[-/]/g;
