/** The rooms of `lib/` and what each may know. Arrows point one way only: no room may know one that knows it. */

const bothSides = ["environment", "values", "functions", "protocol"];
const everywhere = [
  ...bothSides,
  "invalidation",
  "bus",
  "database",
  "schema",
  "auth",
  "engine",
  "node",
  "nextjs",
  "client",
  "react",
];

export const knows: Readonly<Record<string, readonly string[]>> = {
  // may run in a browser
  environment: [],
  values: ["environment"],
  functions: ["environment", "values"],
  protocol: ["environment", "values", "functions"],
  client: bothSides,
  react: [...bothSides, "client"],

  // never in a browser
  invalidation: bothSides,
  bus: [...bothSides, "invalidation"],
  database: [...bothSides, "invalidation"],
  schema: [...bothSides, "database"],
  auth: bothSides,
  engine: [...bothSides, "invalidation", "bus", "database", "schema", "auth"],
  node: [...bothSides, "invalidation", "bus", "database", "schema", "auth", "engine"],
  nextjs: [...bothSides, "client", "node"],

  // hands: they hold everything
  cli: [...everywhere, "testing"],
  testing: everywhere,

  // what people import by the package's name; nothing in lib/ does
  entries: [...everywhere, "testing"],
};

/** The rooms whose every file must be fit for a browser, with everything it loads. */
export const browserRooms = ["client", "react"];
/** The entries of which the same is true. */
export const browserEntries = ["lib/entries/client.ts", "lib/entries/react.ts"];
/** The only packages that may reach a browser through them. */
export const browserPackages = ["react"];
/** The room of definitions is for servers, but for the files that name functions. */
export const browserFiles =
  /^lib\/((environment|values|protocol|client|react)\/|functions\/(reference|query-key)\.ts$|entries\/(client|react)\.ts$)/;

/** Files that are a program of their own: their top level is not shared with anybody. */
export const programs = [
  "lib/cli/main.ts",
  "lib/database/pglite/initial-image-worker.ts",
  "lib/database/pglite/pglite-worker.ts",
  "lib/schema/snapshot/drizzle-kit-child.ts",
];

/** Names that collect what belongs elsewhere. */
export const drawers = /(^|-)(utils?|helpers?|misc|common|shared|types|lib)\.tsx?$/;
