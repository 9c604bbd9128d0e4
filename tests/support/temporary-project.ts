import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * A folder with files, for the time of one test. It lies inside the repository, so that its files can import the
 * framework and its packages by name.
 */
export class TemporaryProject implements Disposable {
  readonly root: string;

  constructor(files: Record<string, string> = {}) {
    const parent = resolve(import.meta.dirname, "../../.convex/test");
    mkdirSync(parent, { recursive: true });
    this.root = mkdtempSync(join(parent, "project-"));
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  path(relative: string): string {
    return join(this.root, relative);
  }

  write(relative: string, text: string): void {
    mkdirSync(dirname(this.path(relative)), { recursive: true });
    writeFileSync(this.path(relative), text);
  }

  /** Saves as many editors do: a new file replaces the old one. */
  replace(relative: string, text: string): void {
    const draft = this.path(`${relative}.draft`);
    writeFileSync(draft, text);
    renameSync(draft, this.path(relative));
  }

  /** Writes the file elsewhere and renames it: watchers see one change, however busy the machine is. */
  put(relative: string, text: string): void {
    const draft = `${this.root}.draft`;
    writeFileSync(draft, text);
    mkdirSync(dirname(this.path(relative)), { recursive: true });
    renameSync(draft, this.path(relative));
  }

  delete(relative: string): void {
    rmSync(this.path(relative), { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
