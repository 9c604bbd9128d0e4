/**
 * The rooms of `lib/` and what each may know beside itself, types included. A room is a folder's own files; `name/**` means
 * a folder with those in it. Arrows point one way only: no room may know one that knows it, on whatever way.
 */

const bothSides = ["environment", "values", "functions", "functions/pagination", "protocol"];

export const knows: Readonly<Record<string, readonly string[]>> = {
  // may run in a browser
  environment: [],
  values: ["environment"],
  "functions/pagination": ["environment", "values"],
  functions: ["environment", "values"],
  protocol: ["environment", "values", "functions"],
  "client/connection": bothSides,
  "client/calls": bothSides,
  "client/queries": [...bothSides, "client/calls"],
  "client/exchange": [...bothSides, "client/calls", "client/connection", "client/queries"],
  "client/page": [...bothSides, "client/calls", "client/connection", "client/queries"],
  client: [...bothSides, "client/**"],
  react: [...bothSides, "client", "client/calls", "client/connection", "client/queries"],

  // never in a browser
  invalidation: bothSides,
  "database/driver": ["environment"],
  "database/internal": ["environment", "database/driver"],
  "database/plans": ["database/driver"],
  "database/postgres": ["environment", "database/driver", "database/plans"],
  "database/sqlite": ["environment", "database/driver", "database/plans"],
  "database/mysql": ["environment", "database/driver"],
  "database/pglite": ["environment", "database/driver", "database/postgres"],
  database: ["environment", "project", "database/**"],
  bundling: ["environment"],
  project: [],
  "schema/snapshot": ["environment", "project", "database/driver", "bundling"],
  "schema/introspect": ["environment", "database/driver", "database/internal", "schema/snapshot"],
  "schema/plan": ["environment", "database/driver", "database/internal", "schema/snapshot"],
  "schema/migrations": ["environment", "bundling", "project", "database/**", "schema/snapshot", "schema/introspect"],
  schema: ["environment", "project", "database/driver", "database/internal", "database/postgres", "schema/**"],
  auth: bothSides,
  "engine/run": [...bothSides, "auth", "invalidation"],
  "engine/answers": [...bothSides, "auth"],
  "engine/commits": ["environment", "invalidation", "database/driver", "protocol", "engine/run"],
  "engine/queries": [
    ...[...bothSides, "auth", "invalidation", "database/driver"],
    ...["engine/run", "engine/answers", "engine/commits"],
  ],
  "engine/rerun": [
    ...[...bothSides, "database/driver"],
    ...["engine/run", "engine/answers", "engine/commits", "engine/queries"],
  ],
  "engine/client-records": [
    ...[...bothSides, "auth", "database/driver", "database/internal"],
    ...["engine/run", "engine/answers", "engine/commits"],
  ],
  "engine/views": [
    ...[...bothSides, "auth"],
    ...["engine/run", "engine/answers", "engine/queries", "engine/client-records"],
  ],
  "engine/sockets": [...bothSides, "engine/run"],
  "engine/connections": [
    ...[...bothSides, "auth", "database/driver"],
    ...["engine/run", "engine/queries", "engine/rerun", "engine/client-records", "engine/views", "engine/sockets"],
  ],
  "engine/calls": [
    ...[...bothSides, "auth"],
    ...["engine/run", "engine/answers", "engine/commits", "engine/queries", "engine/rerun", "engine/client-records"],
  ],
  engine: [...bothSides, "auth", "database/driver", "engine/**"],
  "node/process": ["environment"],
  "node/admission": ["environment", "node/process"],
  "node/http": [...bothSides, "auth", "project", "engine", "node/process", "node/admission"],
  "node/commands": [...bothSides, "engine", "engine/calls", "node/admission", "node/http"],
  "node/loading": [
    ...["environment", "values", "functions", "database/driver", "database/pglite", "schema/**"],
    ...["bundling", "project", "engine", "engine/run", "node/process"],
  ],
  "node/runtime": [...bothSides, "auth", "engine"],
  "node/lifecycle": [
    ...["environment", "bundling", "database", "database/driver", "auth", "engine", "engine/run"],
    ...["node/process", "node/admission", "node/http", "node/commands", "node/loading", "node/runtime"],
  ],
  nextjs: [...bothSides, "node/runtime"],

  // hands: what people hold
  testing: [...bothSides, "client", "client/connection", "database/**", "schema", "engine", "engine/run"],
  "cli/init/templates": [],
  "cli/init/edits": [],
  "cli/init/plan": ["bundling", "project", "node/loading", "cli/terminal", "cli/init/templates", "cli/init/edits"],
  "cli/init": ["project", "cli/terminal", "cli/init/plan"],
  "cli/terminal": ["project", "node/commands"],
  "cli/run": [
    ...[...bothSides, "database", "engine", "schema"],
    ...["node/commands", "node/loading", "node/process", "cli/terminal"],
  ],
  "cli/functions": [...bothSides, "bundling", "engine/run", "node/loading"],
  "cli/doctor": [
    ...["environment", "project", "database", "database/driver", "schema/migrations"],
    ...["node/loading", "node/process", "cli/terminal", "cli/server"],
  ],
  "cli/server": ["environment", "node/loading", "node/process", "cli/run"],
  cli: ["cli/**", "environment", "bundling", "schema/migrations", "node/loading", "node/process"],

  // what people import by the package's name; nothing in lib/ does
  entries: ["**"],
};

/** What one folder may hold, its tests and the folders in it not counted. */
export const size = { files: 15, lines: 1_200 };

/** The rooms whose every file must be fit for a browser, with everything it loads. */
export const browserRooms = ["client", "react"];
/** The entries of which the same is true. */
export const browserEntries = ["lib/entries/client.ts", "lib/entries/react.ts"];
/** The only packages that may reach a browser through them. */
export const browserPackages = ["react"];
/** The room of definitions is for servers, but for the files that name functions. */
export const browserFiles =
  /^lib\/((environment|values|protocol|client|react)\/|functions\/(reference|query-key)\.ts$|entries\/(client|react)\.ts$)/;

/** Files that are a program of their own: their top level is theirs alone. */
export const programs = [
  "lib/cli/main.ts",
  "lib/database/pglite/initial-image-worker.ts",
  "lib/database/pglite/pglite-worker.ts",
  "lib/node/lifecycle/default-server.ts",
  "lib/schema/snapshot/drizzle-kit-child.ts",
];

/** Tests stand beside what they test; what only they use is in `tests/support/`. */
export const tests = /\.(test|test-d|bench)\.tsx?$/;

/** Names that collect what belongs elsewhere. */
export const drawers = /(^|-)(utils?|helpers?|misc|common|shared|types|lib)\.tsx?$/;
