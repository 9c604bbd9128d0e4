import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { CommandError } from "../../terminal/command-error.ts";
import type { Manifest } from "../edits/package-json.ts";

/** The folder that `init` works on, as it is before. */
export class Project {
  /** Its absolute path. */
  readonly root: string;
  /** Its `package.json`. Undefined when the folder is empty or missing: then a whole app is written. */
  readonly manifest: Manifest | undefined;

  /** @throws {CommandError} when `package.json` cannot be read, or is missing in a folder that holds something else. */
  constructor(root: string) {
    this.root = root;
    this.manifest = this.#readManifest();
  }

  /** The text of a file, by its path from the project's folder. Undefined when there is none. */
  read(path: string): string | undefined {
    try {
      return readFileSync(join(this.root, path), "utf8");
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw error;
    }
  }

  /** The first of some paths that is there. */
  find(...paths: string[]): string | undefined {
    return paths.find((path) => existsSync(join(this.root, path)));
  }

  /** The pages of the App Router: `app` or `src/app`, as Next looks for them. */
  get appFolder(): string {
    return this.find("app", "src/app") ?? "app";
  }

  /** The root layout, if it is where it usually is. */
  get layout(): string | undefined {
    return this.find(...["tsx", "jsx", "js"].map((ending) => `${this.appFolder}/layout.${ending}`));
  }

  /** The ending of pages. */
  get pageEnding(): "tsx" | "jsx" | "js" {
    const ending = this.layout?.slice(this.layout.lastIndexOf(".") + 1);
    if (ending === "jsx" || ending === "js") return ending;
    return this.manifest && ending === undefined && !this.find("tsconfig.json") ? "js" : "tsx";
  }

  /** `pnpm-workspace.yaml`: that of the workspace which this project is a member of, else its own. */
  get workspaceFile(): string {
    for (let folder = this.root; ; folder = dirname(folder)) {
      const file = join(folder, "pnpm-workspace.yaml");
      if (existsSync(file)) return relative(this.root, file).split(sep).join("/");
      if (folder === dirname(folder)) return "pnpm-workspace.yaml";
    }
  }

  /** The version of Next that is installed, else the one that `package.json` asks for. */
  get next(): string | undefined {
    try {
      const found = createRequire(join(this.root, "package.json")).resolve("next/package.json");
      return JSON.parse(readFileSync(found, "utf8")).version;
    } catch {
      return this.manifest?.dependencies?.next ?? this.manifest?.devDependencies?.next;
    }
  }

  #readManifest(): Manifest | undefined {
    const text = this.read("package.json");
    if (text === undefined) {
      if (isEmpty(this.root)) return undefined;
      throw new CommandError(
        `Expected a Next.js project or an empty folder. ${this.root} holds files, and no package.json.`,
      );
    }
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new CommandError(`Cannot read ${join(this.root, "package.json")}: ${(error as Error).message}.`);
    }
  }
}

/** What a folder may hold that was made for a new project. */
const STARTS_WITH = new Set([
  ".git",
  ".gitattributes",
  ".gitignore",
  ".DS_Store",
  ".idea",
  ".vscode",
  "LICENSE",
  "README.md",
]);

function isEmpty(folder: string): boolean {
  return !existsSync(folder) || readdirSync(folder).every((name) => STARTS_WITH.has(name));
}
