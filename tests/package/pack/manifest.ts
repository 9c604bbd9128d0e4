/** What the published package says of itself: its `package.json`, made from that of this repository and the tables below. */

/** What is read of this repository's `package.json`. */
export interface RepositoryManifest {
  name: string;
  version: string;
  description: string;
  license: string;
  type: string;
  sideEffects: boolean;
  engines: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
}

/** Packages that come with this one. This repository pins each to one version, and has more: the demo's, and peers. */
export const dependencies = {
  "@clack/prompts": "^1.9.0",
  "@next/env": "^16.4.0",
  citty: "^0.2.2",
  cookie: "^2.0.0",
  diff: "^9.0.0",
  esbuild: "^0.28.0",
  "magic-string": "^1.4.5",
  "package-manager-detector": "^1.9.0",
  "server-only": "0.0.1",
  ws: "^8.18.0",
} as const satisfies Record<string, string>;

/**
 * Packages of which there must be one copy in a project: the application imports them, too. npm and pnpm install those
 * that are not optional by themselves.
 */
export const peers = {
  "drizzle-orm": { range: ">=0.45.0 <0.46.0" },
  next: { range: ">=16.4.0 <17" },
  react: { range: "^19.2.0" },
  "react-dom": { range: "^19.2.0" },
  zod: { range: "^4.0.0" },
  // Development and `build` only: migrations are applied without it.
  "drizzle-kit": { range: ">=0.31.0 <0.32.0", optional: true },
  // The drivers: an application needs those of its database. `pg` is also what PGlite is reached with.
  "@electric-sql/pglite": { range: ">=0.5.16 <0.6.0", optional: true },
  "@neondatabase/serverless": { range: "^1.2.0", optional: true },
  "better-sqlite3": { range: ">=13.2.0 <14", optional: true },
  mysql2: { range: ">=3.24.6 <4", optional: true },
  pg: { range: "^8.23.0", optional: true },
} as const satisfies Record<string, { range: string; optional?: true }>;

/** The command, and the module that it runs. */
export const bin = { "convex-lite": "lib/cli/main.ts" } as const;

/** Modules that no import leads to: each is found by its name, beside the module that starts it. */
export const foundByName = [
  "lib/database/pglite/initial-image-worker.ts",
  "lib/database/pglite/pglite-worker.ts",
  "lib/node/lifecycle/default-server.ts",
  "lib/schema/migrations/record-migrations-child.ts",
  "lib/schema/snapshot/drizzle-kit-child.ts",
] as const;

/** The modules that the package is compiled from, with all that they import. */
export function rootsOf({ exports }: RepositoryManifest): string[] {
  const entries = Object.values(exports).flatMap((target) =>
    typeof target === "string" ? target : Object.values(target),
  );
  const modules = entries.filter((path) => path.endsWith(".ts")).map((path) => path.slice("./".length));
  return [...modules, ...Object.values(bin), ...foundByName];
}

/** The `package.json` of the tarball. It has no scripts, and none of what only this repository needs. */
export function publishedManifest(repository: RepositoryManifest) {
  const { name, version, description, license, type, sideEffects, engines, exports } = repository;
  const optional = Object.entries(peers).filter(([, peer]) => "optional" in peer);
  return {
    ...{ name, version, description, license, type, sideEffects, engines },
    keywords: ["convex", "nextjs", "react", "live-queries", "realtime", "drizzle", "sql"],
    bin: mapValues(bin, (module) => compiled(module, ".js")),
    exports: mapValues(exports, (target) =>
      typeof target === "string" ? published({ default: target }) : published(target),
    ),
    dependencies,
    peerDependencies: mapValues(peers, ({ range }) => range),
    peerDependenciesMeta: Object.fromEntries(optional.map(([peer]) => [peer, { optional: true }])),
  };
}

/** An export of this repository, as the package has it. `types` comes first, as the first condition that holds is taken. */
function published(target: Record<string, string>): string | Record<string, string> {
  const { default: module = "" } = target;
  if (!module.endsWith(".ts")) return module;
  return { types: compiled(module, ".d.ts"), ...mapValues(target, (path) => compiled(path, ".js")) };
}

function compiled(module: string, ending: string): string {
  return module.replace(/^(\.\/)?lib\//, "./dist/").replace(/\.ts$/, ending);
}

function mapValues<From, To>(object: Record<string, From>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
