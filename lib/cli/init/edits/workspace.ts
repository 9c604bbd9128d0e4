import { append, lineEndOf } from "./lines.ts";

/** Whether pnpm may run the install script of a package. */
export type Builds = Readonly<Record<string, boolean>>;

/**
 * Says in `pnpm-workspace.yaml` which install scripts may run. pnpm ends an install with an error as long as one is neither
 * allowed nor refused. The file is changed as text, so that its comments and its style are kept.
 * @param builds Those that must be named. Names that are in the file already, in whatever way, are left as they are.
 * @returns undefined when there is a list whose form is not the usual one.
 */
export function editWorkspace(before: string, builds: Builds): string | undefined {
  const missing = Object.entries(builds).filter(([name]) => !isNamed(before, name));
  if (missing.length === 0) return before;
  const lines = (indent: string) => missing.map(([name, allowed]) => `${indent}${name}: ${allowed}\n`).join("");
  if (!/^allowBuilds\b/m.test(before)) {
    return append(before, `# The packages whose install scripts may run.\nallowBuilds:\n${lines("  ")}`);
  }
  const list = /^allowBuilds:[ \t]*\r?\n(?=([ \t]+)[\w"'@])/m.exec(before);
  if (!list) return undefined;
  const at = list.index + list[0].length;
  return before.slice(0, at) + lines(list[1] ?? "  ").replaceAll("\n", lineEndOf(before)) + before.slice(at);
}

/** As a key (`esbuild: true`) or in a list (`- esbuild`). */
function isNamed(text: string, name: string): boolean {
  return new RegExp(`^\\s+(- )?["']?${name}["']?\\s*(:|$)`, "m").test(text);
}
