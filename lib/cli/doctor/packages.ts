import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Check, error, type Finding, ok, type Project, warning } from "./finding.ts";
import { type Installed, installed, isInRange } from "./installed.ts";

/** The folder of this package: `lib/` and `dist/` have the same folders in them. */
const own = join(import.meta.dirname, "../../..");

interface OwnManifest {
  engines: { node: string };
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

function readOwn(): OwnManifest {
  return JSON.parse(readFileSync(join(own, "package.json"), "utf8"));
}

/** Node itself. An older one does not come so far: see `node-version.ts`. */
export const node: Check = () => {
  const { engines } = readOwn();
  const { node: version } = process.versions;
  if (isInRange(version, engines.node)) return [ok("node", `Node ${version}`)];
  return [error("node", `Node ${version} is too old`, `Install Node ${engines.node.replace(">=", "")} or later.`)];
};

/** Versions of what this package shares with the application. */
export const peers: Check = (project) => {
  const { peerDependencies = {}, peerDependenciesMeta = {} } = readOwn();
  return Object.entries(peerDependencies).flatMap(([name, range]) =>
    peer(project, name, range, peerDependenciesMeta[name]?.optional === true),
  );
};

function peer({ root, add }: Project, name: string, range: string, isOptional: boolean): Finding[] {
  const found = installed(name, root);
  const remedy = `Run ${add} "${name}@${range}".`;
  if (!found) return isOptional ? [] : [error("packages", `${name} is not installed`, remedy)];
  if (isInRange(found.version, range)) return [ok("packages", `${name} ${found.version}`)];
  return [error("packages", `${name} ${found.version} is installed; convex-lite needs ${range}`, remedy)];
}

/** Packages whose objects are handed from the application to this package: two copies do not know each other's. */
const SHARED = ["zod", "drizzle-orm", "react"];

/** One copy each of what both import. */
export const copies: Check = ({ root }) =>
  SHARED.flatMap((name) => {
    const [here, there] = [installed(name, root), installed(name, own)];
    if (!here || !there || here.path === there.path) return [];
    return [
      error(
        "packages",
        `there are two copies of ${name}: ${placed(here)} for the application, ${placed(there)} for convex-lite`,
        `Let one version satisfy both (\`npm ls ${name}\` shows who asks for which), and install anew.`,
      ),
    ];
  });

function placed({ version, path }: Installed): string {
  return `${version} in ${path}`;
}

/** The oldest TypeScript that the declarations are checked with. */
const OLDEST_TYPESCRIPT = ">=5.9";

export const typescript: Check = ({ root, add }) => {
  const found = installed("typescript", root);
  if (found && isInRange(found.version, OLDEST_TYPESCRIPT)) return [ok("typescript", `TypeScript ${found.version}`)];
  const remedy = `Run ${add} -D typescript@latest.`;
  if (found)
    return [warning("typescript", `TypeScript ${found.version} is older than 5.9, the oldest that is tested`, remedy)];
  if (!existsSync(join(root, "tsconfig.json"))) return [ok("typescript", "the project is written in JavaScript")];
  return [warning("typescript", "there is a tsconfig.json, and TypeScript is not installed", remedy)];
};
