import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root, runCompiler } from "../support/compile.ts";
import { parse, type SyntaxTree } from "../support/syntax-tree.ts";
import { TemporaryProject } from "../support/temporary-project.ts";
import type { ReadTree } from "./exported-declarations.ts";

/**
 * Has the compiler write the declarations of some modules of this project, and of those they import.
 * @returns finds a declaration file by the path of the module that it describes.
 */
export async function buildDeclarations(paths: readonly string[]): Promise<ReadTree> {
  using project = new TemporaryProject();
  const compilerOptions = {
    ...{ noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: root, outDir: project.path("built") },
    ...{ incremental: false, plugins: [] },
  };
  const files = paths.map((path) => join(root, path));
  project.write(
    "tsconfig.json",
    JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, files, include: [] }),
  );
  const errors = await runCompiler(project.root);
  if (errors.length > 0) throw new Error(errors.join("\n"));
  const built = globSync("**/*.d.ts", { cwd: project.path("built") });
  const texts = built.map((path) => [
    path.replace(/\.d\.ts$/, ".ts"),
    readFileSync(project.path(join("built", path)), "utf8"),
  ]);
  return treesOf(Object.fromEntries(texts));
}

/** Finds the syntax tree of a declaration file among texts by path. */
export function treesOf(texts: Readonly<Record<string, string>>): ReadTree {
  const trees = new Map<string, SyntaxTree>();
  return (path) => {
    const text = texts[path];
    if (text === undefined) throw new Error(`Expected declarations of ${path}. There are none.`);
    const tree = trees.get(path) ?? { ...parse(path.replace(/\.ts$/, ".d.ts"), text), path };
    trees.set(path, tree);
    return tree;
  };
}
