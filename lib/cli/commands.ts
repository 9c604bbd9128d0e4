import { type Command, defineCommand } from "./command.ts";

/** The commands, in the order of the help. */
export const commands: Readonly<Record<string, Command>> = {
  dev: defineCommand({
    description: "Serve the app; functions reload on save, and the server restarts when its own files change",
    args: {
      accept: {
        type: "string",
        valueHint: "CODE",
        description: "Apply the database plan that was shown with this code, although data is lost",
      },
    },
    run: async ({ accept }) => (await import("./dev.ts")).dev(process.cwd(), { accept }),
  }),
  build: defineCommand({
    description: "Write convex/_generated, run next build, and print the size of the client",
    args: {},
    run: async () => (await import("./build.ts")).build(process.cwd()),
  }),
  codegen: defineCommand({
    description: "Write convex/_generated/api.ts",
    args: {
      check: { type: "boolean", description: "Change nothing; fail if the file is out of date (for CI)" },
    },
    run: async ({ check }) => (await import("./codegen.ts")).codegen(process.cwd(), { check: check === true }),
  }),
};
