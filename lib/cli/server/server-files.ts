import { basename, dirname, relative, resolve, sep } from "node:path";
import { build, type Plugin, type PluginBuild, stop } from "esbuild";
import { ownServer, SERVER_NAMES } from "./server-program.ts";

/** The files of which the running server was made. A change of one needs a new process. */
export class ServerFiles {
  readonly #root: string;
  readonly #framework = dirname(dirname(import.meta.dirname)) + sep;
  #files: ReadonlySet<string> = new Set();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Reads the imports of the project's server as far as they lead to files of the project. Files of packages do not change,
   * and neither does the server of a project that has none of its own.
   */
  async look(): Promise<void> {
    const entry = ownServer(this.#root);
    if (entry === undefined) this.#files = new Set();
    else await this.#lookFrom(entry);
  }

  async #lookFrom(entry: string): Promise<void> {
    try {
      const { metafile } = await build({
        entryPoints: [entry],
        absWorkingDir: this.#root,
        bundle: true,
        write: false,
        outdir: this.#root,
        metafile: true,
        format: "esm",
        platform: "node",
        logLevel: "silent",
        plugins: [packagesStayOutside],
      });
      // `_generated/api.ts` changes with the functions, in its types only: the server goes on.
      const inputs = Object.keys(metafile.inputs).filter((input) => !/(^|\/)_generated\//.test(input));
      this.#files = new Set(inputs.map((input) => resolve(this.#root, input)));
    } catch {
      // It does not compile: the server prints why, and the files that were found before stay watched.
    }
    await stop();
  }

  /** The folders of these files, and the project's. Their subfolders are not included. */
  get folders(): string[] {
    return [...new Set([this.#root, ...[...this.#files].map((file) => dirname(file))])];
  }

  /** Does a change of this file need a new process? */
  matters(path: string): boolean {
    if (this.#files.has(path)) return true;
    const name = basename(path);
    if (dirname(path) === this.#root) {
      return SERVER_NAMES.includes(name) || name.startsWith(".env") || /^(next|drizzle)\.config\.\w+$/.test(name);
    }
    // In the framework's own repository, where no import leads to the script of a worker.
    return path.startsWith(this.#framework) && name.endsWith(".ts") && !/\.(test|test-d|bench|d)\.ts$/.test(name);
  }

  /** May a change of this file repair a server that ended? Pages and functions run in it, too. */
  mayMend(path: string): boolean {
    const hidden = relative(this.#root, path)
      .split(sep)
      .some((name) => name.startsWith(".") || name === "node_modules");
    return this.matters(path) || (!hidden && SOURCE.test(path));
  }
}

/** Files that an author writes, as opposed to those that tools write beside them, such as a log or `next-env.d.ts`. */
const SOURCE = /(?<!\.d)\.([cm]?[jt]sx?|json|css|sql)$/;

/** Imports of packages are not followed, except by the project's own name, which leads to its sources. */
const packagesStayOutside: Plugin = {
  name: "packages-stay-outside",
  setup(bundler: PluginBuild) {
    bundler.onResolve({ filter: /^[^./]/ }, async ({ path, resolveDir, kind, pluginData }) => {
      if (pluginData === "asked" || kind === "entry-point") return undefined;
      const found = await bundler.resolve(path, { resolveDir, kind, pluginData: "asked" });
      const isOwn = found.errors.length === 0 && found.path !== "" && !found.path.split(sep).includes("node_modules");
      return isOwn && !found.external ? undefined : { path, external: true };
    });
  },
};
