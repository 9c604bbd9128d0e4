import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { generateApi } from "../../lib/node/loading/generate-api.ts";
import { runCompiler } from "../support/compile.ts";
import { TemporaryProject } from "../support/temporary-project.ts";
import { type Page, root } from "./pages.ts";

const COMPILED = ["ts", "tsx"];
const SCHEMA = "convex/schema.ts";

/** What a page may leave out, because other pages show it: files of the project that tests are about. */
const base = ["convex/schema.ts", "convex/messages.ts"];

/**
 * Compiles the files that pages show. The files of one page are one project; what it does not show of the base is beside
 * them. Pages that show a schema of their own are compiled apart, because a program has one schema.
 * @returns what the compiler finds wrong, by page and line.
 */
export async function compilePages(pages: readonly Page[]): Promise<string[]> {
  const shown = pages.filter(({ blocks }) => blocks.some(({ language }) => COMPILED.includes(language)));
  const ofBase = shown.filter((page) => !showsSchema(page));
  const found: string[] = [];
  for (const program of [ofBase, ...shown.filter(showsSchema).map((page) => [page])]) {
    if (program.length > 0) found.push(...(await compileTogether(program)));
  }
  return found;
}

function showsSchema({ blocks }: Page): boolean {
  return blocks.some(({ file }) => file === SCHEMA);
}

async function compileTogether(pages: readonly Page[]): Promise<string[]> {
  using project = new TemporaryProject();
  project.write(
    "tsconfig.json",
    JSON.stringify({
      extends: join(root, "tsconfig.json"),
      compilerOptions: { incremental: false, plugins: [], paths: {} },
      include: ["**/*.ts", "**/*.tsx"],
      exclude: [],
    }),
  );
  if (!pages.every(showsSchema)) writeBase(project);
  for (const page of pages) writePage(project, page);
  const found = await runCompiler(project.root, "--noEmit");
  return found.map((line) => placeInPage(line, pages));
}

function writeBase(project: TemporaryProject): void {
  for (const path of base) project.write(`base/${path}`, readFileSync(join(root, "tests/project", path), "utf8"));
  project.write("base/convex/_generated/api.ts", generateApi({ modules: ["messages"], hasSchema: true }));
}

/** The files of a page, in a folder of its own. */
function writePage(project: TemporaryProject, page: Page): void {
  const folder = folderOf(page);
  const files = new Map<string, string>();
  if (!showsSchema(page)) {
    for (const path of base) {
      const up = relative(dirname(`${folder}/${path}`), `base/${path}`);
      files.set(path, `export * from ${JSON.stringify(up)};\n`);
    }
  }
  for (const { file, language, text } of page.blocks) {
    if (file !== undefined && COMPILED.includes(language)) files.set(file, text);
  }
  const modules = [...files.keys()].flatMap(
    (path) => /^convex\/(?!schema\.)(.+?)(?<!\.test)\.tsx?$/.exec(path)?.[1] ?? [],
  );
  files.set("convex/_generated/api.ts", generateApi({ modules, hasSchema: showsSchema(page) }));
  for (const [path, text] of files) {
    const up = relative(dirname(path), "") || ".";
    project.write(`${folder}/${path}`, text.replaceAll(/(?<=["'])@\//g, `${up}/`));
  }
}

const folderOf = ({ path }: Page): string => path.replaceAll("/", ".");

/** `docs.react.md/app/page.tsx(3,4): error …` is line 3 of a block of docs/react.md. */
function placeInPage(line: string, pages: readonly Page[]): string {
  for (const page of pages) {
    if (!line.startsWith(`${folderOf(page)}/`)) continue;
    const [, file, at] = /^[^/]+\/(\S+?)\((\d+),/.exec(line) ?? [];
    const block = file === undefined ? undefined : page.blocks.find((one) => one.file === file);
    if (block) return `${page.path}:${block.line + Number(at) - 1}: ${line}`;
  }
  return line;
}
