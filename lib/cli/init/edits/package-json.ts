import { lineEndOf } from "./lines.ts";

/** Packages and the versions that are asked for. */
export type Packages = Readonly<Record<string, string>>;

/** What `package.json` should have. */
export interface Needed {
  readonly dependencies: Packages;
  readonly devDependencies: Packages;
}

/** A script that is not changed: what it is, and what it should be. */
export interface OtherScript {
  readonly name: string;
  readonly found: string;
  readonly wanted: string;
}

/** The part of `package.json` that is read and changed. */
export interface Manifest {
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  packageManager?: string;
}

/**
 * Adds scripts and dependencies. What is there stays: of scripts only those are replaced that run Next alone, and no version
 * is changed.
 * @returns the new text, with the indentation and the line ends of the old, and the scripts that the reader must change.
 */
export function editPackageJson(before: string, needed: Needed): { text: string; others: OtherScript[] } {
  const manifest: Manifest = JSON.parse(before);
  const { scripts, others } = editScripts(manifest.scripts);
  const there = { ...manifest.dependencies, ...manifest.devDependencies };
  const after: Manifest = { ...manifest, scripts };
  for (const kind of ["dependencies", "devDependencies"] as const) {
    const missing = Object.entries(needed[kind]).filter(([name]) => !(name in there));
    if (missing.length > 0) after[kind] = withPackages(manifest[kind] ?? {}, missing);
  }
  const isSame = JSON.stringify(after) === JSON.stringify(manifest);
  return { text: isSame ? before : print(after, before), others };
}

function editScripts(before: Record<string, string> = {}): { scripts: Record<string, string>; others: OtherScript[] } {
  const scripts = { ...before };
  const others: OtherScript[] = [];
  for (const name of ["dev", "build", "start"]) {
    const [found, ours] = [before[name], `convex-lite ${name}`];
    const wanted = found === undefined ? ours : insteadOfNext(name, found);
    if (wanted !== undefined) scripts[name] = wanted;
    else if (found !== undefined && !found.includes(ours)) others.push({ name, found, wanted: ours });
  }
  return { scripts: { ...scripts, ...withDefaults(scripts) }, others };
}

function withDefaults(scripts: Record<string, string>): Record<string, string> {
  return { codegen: "convex-lite codegen", "db:generate": "drizzle-kit generate", ...scripts };
}

/** The script that replaces one of Next's; undefined when that does more, or has flags that we do not know. */
function insteadOfNext(name: string, script: string): string | undefined {
  const flags = new RegExp(`^next ${name}( .*)?$`).exec(script.trim());
  if (!flags) return undefined;
  const kept = (flags[1] ?? "")
    .replace(/ --turbo(pack)?(?= |$)/, "")
    .replace(/ (?:-p|--port)[ =](\d+)(?= |$)/, " --port $1")
    .replace(/ (?:-H|--hostname)[ =]([\w.:]+)(?= |$)/, " --host $1");
  const isKnown = name === "build" ? kept === "" : /^( --port \d+| --host [\w.:]+)*$/.test(kept);
  return isKnown ? `convex-lite ${name}${kept}` : undefined;
}

/** Package managers keep the names sorted. Where they are not, the new ones are added at the end. */
function withPackages(before: Record<string, string>, missing: [string, string][]): Record<string, string> {
  const names = Object.keys(before);
  const isSorted = names.every((name, index) => index === 0 || (names[index - 1] ?? "") < name);
  const all = [...Object.entries(before), ...missing];
  return Object.fromEntries(isSorted ? all.sort(([one], [other]) => (one < other ? -1 : 1)) : all);
}

function print(manifest: Manifest, before: string): string {
  const indent = /^([ \t]+)"/m.exec(before)?.[1] ?? "  ";
  const text = JSON.stringify(manifest, null, indent) + (before.endsWith("\n") ? "\n" : "");
  return text.replaceAll("\n", lineEndOf(before));
}
