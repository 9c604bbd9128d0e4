import { join } from "node:path";
import type { BuildContext, BuildFailure, Message, Metafile, Plugin } from "esbuild";
import { must } from "../environment/assert.ts";
import { importMeta } from "./import-meta.ts";
import { LoadError, type LoadProblem, problemsOf } from "./load-error.ts";
import { importedPackages, PLUGIN, packagePlugin } from "./package-plugin.ts";
import type { Packages, Place } from "./packages.ts";
import type { Script } from "./script-runner.ts";

/** Source files that were made one script. */
export interface Bundle extends Script {
  /** The files in it, and which import which. The paths are relative to the project's folder. */
  readonly inputs: Metafile["inputs"];
  /** What the bundler finds doubtful in the author's files. */
  readonly warnings: readonly LoadProblem[];
}

/** What `Bundler` takes. */
export interface BundlerOptions {
  /** Where the entry is, and which project it belongs to. */
  place: Place;
  /** The packages that the files import. They are loaded to learn what they export, and not bundled. */
  packages: Packages;
  /** The text of a module that imports all others. Called for each bundle, so that new files need no new bundler. */
  entry: () => string;
  /** The texts of modules that are imported instead of packages, by the packages' names. Default: none. */
  standIns?: Readonly<Record<string, string>>;
}

type Esbuild = Pick<typeof import("esbuild"), "context" | "stop">;

/**
 * Makes one script of TypeScript of the project, by esbuild in a process of its own, which is started by the first bundle
 * and kept for later ones. Where no bundle is made, as in production, esbuild need not be installed.
 */
export class Bundler {
  readonly #options: BundlerOptions;
  #esbuild: Esbuild | undefined;
  #context: BuildContext | undefined;

  constructor(options: BundlerOptions) {
    this.#options = options;
  }

  /**
   * Bundles the files as they are saved now.
   * @throws {LoadError} when they cannot be bundled.
   */
  async bundle(): Promise<Bundle> {
    const { root } = this.#options.place;
    this.#context ??= await this.#createContext();
    try {
      const { outputFiles, metafile, warnings } = await this.#context.rebuild();
      const text = (ending: string) =>
        must(
          outputFiles?.find((file) => file.path.endsWith(ending)),
          ending,
        ).text;
      const { inputs } = must(metafile, "the bundler writes a metafile");
      return {
        code: text(".cjs"),
        map: text(".cjs.map"),
        packages: importedPackages(inputs),
        inputs,
        warnings: problemsOf(warnings.filter(concernsAuthor), root),
      };
    } catch (error) {
      const { errors } = error as Partial<BuildFailure>;
      throw errors ? LoadError.fromMessages(errors, root) : error;
    }
  }

  /** Ends the bundler's process, which all bundlers share. A later bundle starts it again. */
  async close(): Promise<void> {
    await this.dispose();
    await this.#esbuild?.stop();
  }

  /** Frees what the bundler's process keeps for later bundles. */
  async dispose(): Promise<void> {
    await this.#context?.dispose();
    this.#context = undefined;
    if (this.#esbuild) process.off("exit", this.#esbuild.stop);
  }

  async #createContext(): Promise<BuildContext> {
    const { place, packages, standIns } = this.#options;
    this.#esbuild ??= await import("esbuild");
    // The bundler's process prints an error when this one ends without stopping it.
    process.once("exit", this.#esbuild.stop);
    return this.#esbuild.context({
      entryPoints: [ENTRY],
      absWorkingDir: place.root,
      outfile: join(place.directory, "_functions.cjs"),
      bundle: true,
      write: false,
      metafile: true,
      format: "cjs",
      platform: "node",
      target: "node22",
      // Those by which Node chooses a package's file, so that it is the same file.
      conditions: ["node-addons", "module-sync"],
      // Next keeps JSX in its tsconfig.json, for its own compiler.
      jsx: "automatic",
      charset: "utf8",
      sourcemap: "external",
      sourcesContent: false,
      logLevel: "silent",
      plugins: [this.#entry(), importMeta, packagePlugin(packages, standIns)],
    });
  }

  #entry(): Plugin {
    return {
      name: "convex-lite-entry",
      setup: (build) => {
        build.onResolve({ filter: new RegExp(`^${ENTRY}$`) }, () => ({ path: ENTRY, namespace: ENTRY }));
        build.onLoad({ filter: /.*/, namespace: ENTRY }, () => ({
          contents: this.#options.entry(),
          loader: "js",
          resolveDir: this.#options.place.directory,
        }));
      },
    };
  }
}

const ENTRY = "convex-lite-functions";

/** Is this path of `Bundle.inputs` a file? All others are made by a plugin here. */
export function isFile(input: string): boolean {
  return !/^convex-lite-[a-z-]+:/.test(input);
}

/** Warnings about packages, which are bundled only in part, are none of the author's concern. */
function concernsAuthor({ id, location, text }: Message): boolean {
  if (!location || !isFile(location.file) || location.file.split("/").includes("node_modules")) return false;
  // A package that is imported only for what it does has done it, as Node loaded it.
  return id !== "ignored-bare-import" || !text.includes(PLUGIN);
}
