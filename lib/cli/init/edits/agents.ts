import { append, lineEndOf } from "./lines.ts";

const BEGIN = "<!-- BEGIN:convex-lite -->";
const END = "<!-- END:convex-lite -->";

/** Writes a block into `AGENTS.md`, or replaces the one that an earlier version has written. What is around it is kept. */
export function editAgents(before: string, rules: string): string {
  const block = `${BEGIN}\n\n${rules.trim()}\n\n${END}`;
  const [begin, end] = [before.indexOf(BEGIN), before.indexOf(END)];
  if (begin === -1 || end < begin) return append(before, before.trim() === "" ? `${block}\n` : `\n${block}\n`);
  return before.slice(0, begin) + block.replaceAll("\n", lineEndOf(before)) + before.slice(end + END.length);
}
