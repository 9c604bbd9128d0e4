import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { bin, publishedManifest, type RepositoryManifest, rootsOf } from "./manifest.ts";

/** This repository. */
const root = resolve(import.meta.dirname, "../../..");

/** What is packed as it is, where it exists. Pictures are not: they would be half of the package. */
const documents = ["README.md", "LICENSE", "CHANGELOG.md", "AGENTS.md", "llms*.txt", "docs/**/*.md", "lib/**/*.md"];

/**
 * Makes the package: compiles `lib/` into a folder, puts sources and documents beside it, and packs the folder.
 *
 * The sources are there for editors: "go to definition" leads through the declaration maps to them. Nothing can import them,
 * as `exports` names none. The code has no maps of its own: it is the sources without their types, under the same names, and
 * maps would be a sixth of the package.
 * @param folder Where the package is put together; it lies in this repository, where the compiler finds its packages.
 * @returns the path of the tarball, beside the folder.
 */
export function makePackage(folder: string = join(root, "dist", "package")): string {
  const repository: RepositoryManifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  compile(folder, rootsOf(repository));
  for (const path of globSync(documents, { cwd: root })) copy(path, folder);
  writeJson(join(folder, "package.json"), publishedManifest(repository));
  return pack(folder);
}

const compilerSettings = {
  ...{ noEmit: false, incremental: false, allowJs: false, resolveJsonModule: false, plugins: [], paths: {} },
  ...{ rootDir: "lib", outDir: "dist", rewriteRelativeImportExtensions: true },
};

function compile(folder: string, roots: readonly string[]): void {
  // Beside the compiled files, so that maps lead from them to the sources in the package.
  cpSync(join(root, "lib"), join(folder, "lib"), { recursive: true });
  const settings = join(folder, "tsconfig.json");
  const emit = (options: object): void => {
    const compilerOptions = { ...compilerSettings, ...options };
    writeJson(settings, {
      extends: join(root, "tsconfig.json"),
      compilerOptions,
      files: roots,
      include: [],
      exclude: [],
    });
    run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", settings]);
  };
  // Comments are what an editor shows of a declaration. In the code they would be a third of its size.
  emit({ declaration: true, declarationMap: true, emitDeclarationOnly: true });
  keepDeclarations(folder, roots);
  emit({ removeComments: true });
  rmSync(settings);
  for (const program of Object.values(bin)) chmodSync(join(folder, compiledFrom(program)), 0o755);
  // Tests, and what only they import.
  const sources = globSync("lib/**/*", { cwd: folder, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { parentPath, name } of sources) {
    const path = join(parentPath, name).slice(folder.length + 1);
    if (!existsSync(join(folder, compiledFrom(path)))) rmSync(join(folder, path));
  }
}

/** Takes away the declarations that no entry leads to: of most of the engine, and of the command line. */
function keepDeclarations(folder: string, roots: readonly string[]): void {
  const declarations = (module: string): string =>
    join(folder, module.replace(/^lib\//, "dist/").replace(/\.ts$/, ".d.ts"));
  const kept = new Set(roots.filter((module) => module.startsWith("lib/entries/")).map(declarations));
  for (const file of kept) {
    const text = readFileSync(file, "utf8");
    for (const [, path = ""] of text.matchAll(/(?:from|import) ?\(?"(\.[^"]+)\.ts"/g))
      kept.add(join(dirname(file), `${path}.d.ts`));
  }
  for (const path of globSync("dist/**/*.d.ts", { cwd: folder })) {
    const file = join(folder, path);
    if (kept.has(file)) continue;
    rmSync(file);
    rmSync(`${file}.map`);
  }
}

function compiledFrom(source: string): string {
  return source.replace(/^lib\//, "dist/").replace(/\.ts$/, ".js");
}

function copy(path: string, folder: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  copyFileSync(join(root, path), join(folder, path));
}

function pack(folder: string): string {
  const output = run("npm", ["pack", folder, "--pack-destination", dirname(folder), "--json", "--ignore-scripts"]);
  const [{ filename }] = JSON.parse(output);
  return join(dirname(folder), filename);
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

function writeJson(path: string, content: unknown): void {
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}
