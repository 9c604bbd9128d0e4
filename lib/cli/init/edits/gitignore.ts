import { append } from "./lines.ts";

const NEEDED = [
  { line: "/.convex/", also: ["/.convex", ".convex/", ".convex"] },
  { line: "!.env.example", also: ["!/.env.example"] },
];

/** Adds what is missing: the folder of the embedded database, and that `.env.example` is committed although `.env*` is not. */
export function editGitignore(before: string): string {
  const lines = before.split("\n").map((line) => line.trim());
  const missing = NEEDED.filter(({ line, also }) => ![line, ...also].some((one) => lines.includes(one)));
  if (missing.length === 0) return before;
  const added = `# convex-lite\n${missing.map(({ line }) => `${line}\n`).join("")}`;
  return append(before, before.trim() === "" ? added : `\n${added}`);
}
