import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { TemporaryProject } from "./temporary-project.ts";

export const root = resolve(import.meta.dirname, "../..");
/** A small application of the framework's own tests: they know its schema, its functions and its pages. */
export const projectOfTests = join(root, "tests/project");
export const compiler = join(root, "node_modules/typescript/bin/tsc");

/**
 * Compiles files as if they stood in the project of the tests, under the settings of this repository. A file given here
 * stands in front of the project's file of the same path.
 * @param files Paths from the project's root, and texts.
 * @returns what the compiler finds wrong, one line each.
 */
export async function compile(files: Record<string, string>): Promise<string[]> {
  using project = new TemporaryProject(files);
  const settings = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      incremental: false,
      plugins: [],
      // Relative imports and `@/…` find the files given here first, the project's next.
      rootDirs: [project.root, projectOfTests],
      paths: { "@/*": [`${project.root}/*`, `${projectOfTests}/*`] },
    },
    include: ["**/*.ts", "**/*.tsx"],
    exclude: [],
  };
  project.write("tsconfig.json", JSON.stringify(settings));
  return await runCompiler(project.root, "--noEmit");
}

/**
 * Runs the compiler on the tsconfig.json in a folder.
 * @returns what it finds wrong, one line each.
 */
export async function runCompiler(folder: string, ...options: string[]): Promise<string[]> {
  const args = [compiler, ...options, "--pretty", "false", "-p", folder];
  const tsc = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const output = (await tsc.stdout.toArray()).join("");
  if (tsc.exitCode === null) await once(tsc, "exit");
  const lines = output.split("\n").filter((line) => line !== "");
  return tsc.exitCode === 0 || lines.length > 0 ? lines : [`The compiler ended with ${tsc.exitCode}.`];
}
