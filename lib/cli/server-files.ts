import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { build, type Plugin, type PluginBuild, stop } from "esbuild";

/** What the running server was made of: a change in it needs a new process. */
export class ServerFiles {
  readonly #root: string;
  readonly #framework = dirname(import.meta.dirname) + sep;
  #files: ReadonlySet<string>;

  constructor(root: string) {
    this.#root = root;
    this.#files = new Set([join(root, "server.ts")]);
  }

  /** Follows the imports of `server.ts`, as far as they lead to files of the project. Those in packages do not change. */
  async look(): Promise<void> {
    try {
      const { metafile } = await build({
        entryPoints: [join(this.#root, "server.ts")],
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
      this.#files = new Set(Object.keys(metafile.inputs).map((input) => resolve(this.#root, input)));
    } catch {
      // It does not compile: the server itself says why, and what it was made of before is still worth watching.
    }
    await stop();
  }

  /** The folders to watch, each without those below it. */
  get folders(): string[] {
    return [...new Set([this.#root, ...[...this.#files].map((file) => dirname(file))])];
  }

  /** Does a change of this file need a new process? */
  matters(path: string): boolean {
    if (this.#files.has(path)) return true;
    const name = basename(path);
    if (dirname(path) === this.#root) return name.startsWith(".env") || /^next\.config\.\w+$/.test(name);
    // In the framework's own repository: a worker's script is imported by nobody.
    return path.startsWith(this.#framework) && name.endsWith(".ts") && !/\.(test|test-d|bench|d)\.ts$/.test(name);
  }

  /** May a change of this file mend a server that ended? Pages and functions run in it, too. */
  mayMend(path: string): boolean {
    const hidden = relative(this.#root, path)
      .split(sep)
      .some((name) => name.startsWith(".") || name === "node_modules");
    return this.matters(path) || (!hidden && SOURCE.test(path));
  }
}

/** What people write in a project, and not what tools write beside it, such as a log or `next-env.d.ts`. */
const SOURCE = /(?<!\.d)\.([cm]?[jt]sx?|json|css|sql)$/;

/** The project's own name leads to its sources, every other package to a folder that nobody edits. */
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
