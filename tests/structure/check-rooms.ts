import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { type ModuleText, readModule } from "./read-module.ts";
import * as plan from "./rooms.ts";

interface Module extends ModuleText {
  readonly path: string;
}

/**
 * Compares the files of a project with the plan of its rooms.
 * @returns one sentence for each thing that does not follow it.
 */
export function checkRooms(root: string): string[] {
  const modules = readAll(root, globSync("lib/**/*.{ts,tsx}", { cwd: root }));
  const shipped = modules.filter(({ path }) => !isTest(path));
  return [
    ...shipped.flatMap((module) => [
      ...wrongArrows(module),
      ...usesEntry(module),
      ...passesEverythingOn(module),
      ...keepsState(module),
      ...loadsTests(module),
    ]),
    ...modules.flatMap(({ path }) => badName(path)),
    ...circles(shipped),
    ...tooLarge(shipped),
    ...unfitForBrowsers(shipped),
    ...pathsIntoLib(root),
  ];
}

const isTest = (path: string): boolean => plan.tests.test(path);

function readAll(root: string, paths: string[]): Module[] {
  return paths.sort().map((path) => ({ path, ...readModule(path, readFileSync(join(root, path), "utf8")) }));
}

/** The room of a file in `lib/`: its folder, as the plan names it. */
const roomOf = (path: string): string => dirname(path).slice("lib/".length);

/** Does the plan let a room know another? */
export function mayKnow(room: string, other: string): boolean {
  const known = plan.knows[room] ?? [];
  return known.some((entry) => {
    if (!entry.endsWith("**")) return entry === other;
    return entry === "**" || other === entry.slice(0, -3) || other.startsWith(entry.slice(0, -2));
  });
}

/** The file in `lib/` that a relative specifier names. */
function target(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return normalize(join(dirname(from), specifier));
}

/** Every module that a module mentions, types included. */
const mentions = ({ values, lazy, types }: Module): string[] => [...new Set([...values, ...lazy, ...types])];

const targets = (module: Module): string[] =>
  mentions(module).flatMap((specifier) => target(module.path, specifier) ?? []);

function wrongArrows(module: Module): string[] {
  const own = roomOf(module.path);
  if (!plan.knows[own]) return [`${module.path}: there is no room "${own}" in the plan.`];
  const outside = (path: string) => !path.startsWith("lib/");
  return targets(module).flatMap((path) => {
    const room = roomOf(path);
    if (outside(path)) return [`${module.path} imports ${path}, which is not in lib/.`];
    if (room === own || mayKnow(own, room)) return [];
    return [`${module.path} imports ${path}: ${own} may not know ${room}.`];
  });
}

/** The package's own name leads through an entry, which only its users go through. */
function usesEntry(module: Module): string[] {
  const itself = mentions(module).filter((name) => name.startsWith("convex-lite"));
  return itself.map((name) => `${module.path} imports ${name}: inside lib/ import the file itself.`);
}

function passesEverythingOn({ path, passedOn }: Module): string[] {
  return passedOn.map((specifier) => `${path} says export * from "${specifier}": name what is exported.`);
}

function keepsState({ path, changing }: Module): string[] {
  if (plan.programs.includes(path)) return [];
  return changing.map((name) => `${path} keeps "${name}" at its top level, and it changes: copies of it will differ.`);
}

function loadsTests(module: Module): string[] {
  const loaded = targets(module).filter(isTest);
  return loaded.map((path) => `${module.path} imports ${path}, which is a test.`);
}

function badName(path: string): string[] {
  if (path.endsWith(".tsx")) return [`${path}: lib/ holds no .tsx, Node cannot load it; use createElement.`];
  if (/\/index\.ts$/.test(path)) return [`${path}: lib/ holds no index.ts; a public entry is a file in lib/entries/.`];
  return plan.drawers.test(path) ? [`${path}: name it by its subject.`] : [];
}

function tooLarge(modules: readonly Module[]): string[] {
  const { files, lines } = plan.size;
  return [...Map.groupBy(modules, ({ path }) => roomOf(path))].flatMap(([room, inside]) => {
    const total = inside.reduce((sum, module) => sum + module.lines, 0);
    if (inside.length <= files && total <= lines) return [];
    return [
      `lib/${room} holds ${inside.length} files of ${total} lines: at most ${files} and ${lines}. Part it by subject.`,
    ];
  });
}

/** Modules that load each other: which of them runs first is chance. */
function circles(modules: readonly Module[]): string[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    const module = byPath.get(path);
    const seen = trail.indexOf(path);
    if (seen >= 0) found.push(`${[...trail.slice(seen), path].join(" → ")} is a circle.`);
    if (!module || seen >= 0 || done.has(path)) return;
    for (const specifier of module.values) visit(target(path, specifier) ?? "", [...trail, path]);
    done.add(path);
  };
  for (const { path } of modules) visit(path, []);
  return found;
}

/** What the rooms of the browser load, and what that loads in turn. */
function unfitForBrowsers(modules: readonly Module[]): string[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const seen = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    const module = byPath.get(path);
    if (seen.has(path) || !module) return;
    seen.add(path);
    const here = [...trail, path];
    if (!plan.browserFiles.test(path)) found.push(`${here.join(" → ")}: would be in the browser.`);
    for (const specifier of [...module.values, ...module.lazy]) {
      const file = target(path, specifier);
      if (file) visit(file, here);
      else if (!plan.browserPackages.includes(specifier)) {
        found.push(`${here.join(" → ")} → ${specifier}: would be in the browser.`);
      }
    }
  };
  for (const { path } of modules) {
    const [outer = ""] = roomOf(path).split("/");
    if (plan.browserRooms.includes(outer) || plan.browserEntries.includes(path)) visit(path, []);
  }
  return found;
}

/** The files of an application import the framework by its package name, as in a project of its own. Tests may use paths. */
function pathsIntoLib(root: string): string[] {
  const files = globSync(["{app,convex}/**/*.{ts,tsx,js,jsx,mjs}", "server.ts", "drizzle.config.ts"], { cwd: root });
  const shipped = files.filter((path) => !isTest(path));
  return readAll(root, shipped).flatMap((module) =>
    mentions(module)
      .filter((name) => /^@\/lib\//.test(name) || target(module.path, name)?.startsWith("lib/"))
      .map((name) => `${module.path} imports ${name}: import it from "convex-lite/…", as every project does.`),
  );
}
