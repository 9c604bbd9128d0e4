/** What one check has found. */
export interface Finding {
  /** What was looked at, in a word: `node`, `gitignore`. */
  readonly check: string;
  readonly status: "ok" | "warning" | "error";
  /** What is so. */
  readonly message: string;
  /** What to do. Left out where all is well. */
  readonly todo?: string;
}

/** Looks at one thing. It changes nothing. */
export type Check = (project: Project) => Promise<Finding[]> | Finding[];

/** The project that is looked at. */
export interface Project {
  /** Its folder, absolute. */
  readonly root: string;
  /** `package.json`. Undefined: there is none, or it is not JSON. */
  readonly manifest: Manifest | undefined;
  /** The files of the App Router, relative to `root`, and their texts: `app/` or `src/app/`. */
  readonly pages: ReadonlyMap<string, string>;
  /** The name and the text of `next.config.*`, comments of whole lines left out. */
  readonly nextConfig: { readonly file: string; readonly text: string } | undefined;
  /** How this program is run: `npx convex-lite`. */
  readonly invocation: string;
  /** How a package is added: `npm install`, `pnpm add`. */
  readonly add: string;
}

/** What is read of a `package.json`. */
export interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
}

export const ok = (check: string, message: string): Finding => ({ check, status: "ok", message });
export const warning = (check: string, message: string, todo: string): Finding => ({
  check,
  status: "warning",
  message,
  todo,
});
export const error = (check: string, message: string, todo: string): Finding => ({
  check,
  status: "error",
  message,
  todo,
});
