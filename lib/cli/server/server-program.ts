import { existsSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The names of a project's own server, in the order in which they are looked for. */
export const SERVER_NAMES: readonly string[] = ["server.ts", "server.mts"];

/** What runs in a project that has no server of its own. */
const DEFAULT_SERVER = fileURLToPath(
  new URL(`../../node/lifecycle/default-server${extname(import.meta.url)}`, import.meta.url),
);

/** The absolute path of a project's own server. Undefined if it has none. */
export function ownServer(root: string): string | undefined {
  return SERVER_NAMES.map((name) => join(root, name)).find((file) => existsSync(file));
}

/**
 * The arguments of Node that run the server of a project: its own, or else one without options.
 *
 * A new Next project has no `"type"` in its package.json: without the flag, Node says of each file of TypeScript that it had
 * to look at the text to know what it is.
 */
export function serverArguments(root: string): string[] {
  return ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", ownServer(root) ?? DEFAULT_SERVER];
}
