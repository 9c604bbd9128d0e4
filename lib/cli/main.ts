#!/usr/bin/env node
import { parseArgs } from "node:util";
import { LoadError } from "../bundling/load-error.ts";
import { build } from "./build.ts";
import { codegen } from "./codegen.ts";
import { dev } from "./dev.ts";

const HELP = `
convex-lite — live queries and mutations inside your Next.js app

Usage: pnpm convex-lite <command>

  dev                serve the app: functions reload on save, pages refresh, and the server restarts
                     when server.ts, a file that it imports, next.config, drizzle.config or .env* changes
  dev --accept CODE  the same, and apply the database plan that was shown with this code, although data is lost
  build              write convex/_generated, run next build, print the client's size
  codegen            write convex/_generated/api.ts
  codegen --check    change nothing; fail if it is out of date (for CI)

  --help             show this

In production: NODE_ENV=production node server.ts
Environment (also from .env files): PORT (3000), HOST (localhost), DATABASE_URL (without it: an embedded database),
  TRUST_PROXY (how many proxies stand in front), ALLOWED_HOSTS (development: further names of this server)
`;

/** @returns the exit code. */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { check: { type: "boolean" }, accept: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  const [command, ...rest] = positionals;
  if (values.help || command === undefined || command === "help") {
    console.log(HELP.trim());
    return values.help || command === "help" ? 0 : 1;
  }
  if (rest.length > 0) throw new UsageError(`Expected one command. Found also: ${rest.join(" ")}.`);
  if (values.check && command !== "codegen") throw new UsageError("--check belongs to codegen.");
  if (values.accept !== undefined && command !== "dev") throw new UsageError("--accept belongs to dev.");
  switch (command) {
    case "dev":
      return dev(process.cwd(), { accept: values.accept });
    case "build":
      return build(process.cwd());
    case "codegen":
      return codegen(process.cwd(), { check: values.check === true });
    default:
      throw new UsageError(`Expected dev, build or codegen. Found: ${command}.`);
  }
}

class UsageError extends Error {}

function isUsage(error: unknown): error is Error {
  return error instanceof UsageError || (error as NodeJS.ErrnoException)?.code?.startsWith("ERR_PARSE_ARGS") === true;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (isUsage(error)) console.error(`${error.message}\n\n\`pnpm convex-lite --help\` lists the commands.`);
  else console.error(error instanceof LoadError ? error.message : error);
  process.exitCode = 1;
}
