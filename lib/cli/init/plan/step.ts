/** What `init` does about one file. Paths lead from the project's folder, with `/` on every system. */
export type Step =
  /** The file is written. */
  | { readonly kind: "create"; readonly path: string; readonly text: string }
  /** The file is there, and is replaced by a text that keeps all of it. */
  | { readonly kind: "change"; readonly path: string; readonly before: string; readonly text: string }
  /** Nothing is to be done. */
  | { readonly kind: "same"; readonly path: string }
  /** The reader does it: `why`, and the lines to add. */
  | { readonly kind: "manual"; readonly path: string; readonly why: string; readonly text: string };

/** A file of which nothing is kept: it is written if it is missing. */
export interface NewFile {
  readonly path: string;
  /** Its text, and what the reader should add where another file is in its place. */
  readonly text: string;
  /** What a file that serves the same purpose contains. */
  readonly mark: RegExp;
}

/** Writes a file that is missing. One that is there is never replaced. */
export function create({ path, text, mark }: NewFile, found: string | undefined): Step {
  if (found === undefined) return { kind: "create", path, text };
  if (mark.test(found)) return { kind: "same", path };
  return { kind: "manual", path, why: "is there already. convex-lite needs in it:", text };
}

/** Changes a file, or finds that it is as it should be. */
export function change(path: string, before: string | undefined, text: string): Step {
  if (before === undefined) return { kind: "create", path, text };
  return before === text ? { kind: "same", path } : { kind: "change", path, before, text };
}
