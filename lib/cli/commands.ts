import { addressFlags, useAddress } from "./address.ts";
import { type Command, defineCommand } from "./command.ts";
import { version } from "./version.ts";

/** The commands, in the order of the help. */
export const commands: Readonly<Record<string, Command>> = {
  init: defineCommand({
    description: "Add convex-lite to a Next.js project, or write a new app into an empty folder",
    args: {
      folder: { type: "positional", required: false, description: "The project's folder (default: this one)" },
      yes: { type: "boolean", alias: "y", description: "Do it without a question" },
      "dry-run": { type: "boolean", description: "Say what would be done, and write nothing" },
      database: {
        type: "enum",
        options: ["pglite", "sqlite", "postgres", "neon", "mysql"],
        description: "The database (default: pglite, which needs no server)",
      },
      example: { type: "enum", options: ["chat", "none"], description: "The page that is written as an example" },
      "package-manager": {
        type: "enum",
        options: ["npm", "pnpm", "yarn", "bun"],
        description: "Default: the one that the project uses",
      },
      install: { type: "boolean", default: true, negativeDescription: "Leave the install to you" },
      force: { type: "boolean", description: "Go on with a version of Next.js that is not supported" },
    },
    run: async (args) => {
      const { init } = await import("./init/init.ts");
      return init(args.folder ?? ".", {
        yes: args.yes === true,
        dryRun: args["dry-run"] === true,
        database: args.database,
        example: args.example,
        packageManager: args["package-manager"],
        install: args.install,
        force: args.force === true,
        version: version(),
      });
    },
  }),
  dev: defineCommand({
    description: "Serve the app; functions reload on save, and the server restarts when its own files change",
    args: {
      ...addressFlags,
      accept: {
        type: "string",
        valueHint: "CODE",
        description: "Apply the database plan that was shown with this code, although data is lost",
      },
      run: {
        type: "string",
        valueHint: "FN",
        description: "Run this function once when the server is ready, such as seed:fill",
      },
    },
    run: async ({ accept, run, ...address }) => {
      useAddress(address);
      return (await import("./server/dev.ts")).dev(process.cwd(), { accept, run });
    },
  }),
  build: defineCommand({
    description: "Build for production: the functions, and the pages by next build",
    args: {
      "allow-pending": {
        type: "boolean",
        description: "Build although convex/schema.ts has tables that no migration in drizzle/ makes",
      },
    },
    run: async (given) =>
      (await import("./build.ts")).build(process.cwd(), { allowPending: given["allow-pending"] === true }),
  }),
  start: defineCommand({
    description: "Serve what build has made, after the migrations in drizzle/ are applied",
    args: addressFlags,
    run: async (address) => {
      useAddress(address);
      return (await import("./server/start.ts")).start(process.cwd());
    },
  }),
  codegen: defineCommand({
    description: "Write convex/_generated/api.ts",
    args: {
      check: { type: "boolean", description: "Change nothing; fail if the file is out of date (for CI)" },
    },
    run: async ({ check }) => (await import("./codegen.ts")).codegen(process.cwd(), { check: check === true }),
  }),
  run: defineCommand({
    description:
      "Run a function, public or internal, and print its value: on the running server, or here if there is none",
    args: {
      fn: { type: "positional", description: "the path of a function, such as messages:send" },
      args: {
        type: "positional",
        required: false,
        description: 'Its arguments as JSON, such as {"channel":"general"}',
      },
      identity: { type: "string", valueHint: "JSON", description: 'Who calls it, such as {"subject":"u1"}' },
      watch: { type: "boolean", description: "Print each later answer of a query, too" },
      json: { type: "boolean", description: "Print JSON in wire form, for programs" },
      url: { type: "string", valueHint: "URL", description: "A server elsewhere; its token is CONVEX_LITE_TOKEN" },
    },
    run: async ({ fn, args, identity, watch, json, url }) =>
      (await import("./run/run.ts")).run(process.cwd(), {
        ...{ path: fn ?? "", args, identity, url },
        watch: watch === true,
        json: json === true,
      }),
  }),
  functions: defineCommand({
    description: "List the functions in convex/ with their kind, visibility, arguments and place",
    args: { json: { type: "boolean", description: "Print JSON, for programs" } },
    run: async ({ json }) =>
      (await import("./functions/functions.ts")).functions(process.cwd(), { json: json === true }),
  }),
  doctor: defineCommand({
    description: "Look for mistakes in the set-up of this project, and say what to do; nothing is changed",
    args: { json: { type: "boolean", description: "Print JSON, for programs" } },
    run: async ({ json }) => (await import("./doctor/doctor.ts")).doctor(process.cwd(), { json: json === true }),
  }),
};
