import { createRequire, registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

/**
 * Imports a module of a package, as Node would, with two differences in what it imports in turn. Both make Node accept what
 * Next's bundler accepts.
 *
 * A path without its ending, such as `next/headers` in a package of ES modules, is found. `server-only` throws unless a
 * bundler of server components imports it; functions run on a server, so it is told that it is there.
 * @param load Imports the module.
 */
export async function importAsBundler<Exports>(load: () => Promise<Exports>): Promise<Exports> {
  const hooks = registerHooks({ resolve: resolveAsBundler });
  try {
    return await load();
  } finally {
    hooks.deregister();
  }
}

type Resolve = NonNullable<Parameters<typeof registerHooks>[0]["resolve"]>;

const resolveAsBundler: Resolve = (specifier, context, next) => {
  if (specifier === "server-only") {
    return next(specifier, { ...context, conditions: [...context.conditions, "react-server"] });
  }
  try {
    return next(specifier, context);
  } catch (error) {
    // `require` has looked everywhere; and what it looks for in `foundByRequire` comes through here again.
    if (context.conditions.includes("require")) throw error;
    const url = foundByRequire(specifier, context.parentURL);
    if (url === undefined) throw error;
    return { url, shortCircuit: true };
  }
};

/** What `require` would find: it also tries endings and `index.js`. */
function foundByRequire(specifier: string, parent: string | undefined): string | undefined {
  if (!parent?.startsWith("file:") || specifier.startsWith("file:")) return undefined;
  try {
    return pathToFileURL(createRequire(parent).resolve(specifier)).href;
  } catch {
    return undefined;
  }
}
