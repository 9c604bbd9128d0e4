import type { Outcome } from "../../protocol/outcome.ts";
import type { Wire } from "../../values/wire.ts";
import { CommandError } from "../terminal/command-error.ts";
import { invocation } from "../terminal/invocation.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { findServer } from "./find-server.ts";
import { printOutcome } from "./print-outcome.ts";
import { type SentCommand, sendCommand } from "./send-command.ts";

/** What `run` takes. */
export interface RunOptions {
  /** The path of the function: `messages:send`. */
  path: string;
  /** The arguments as JSON. Default: none. */
  args: string | undefined;
  /** Who calls it, as JSON. Default: an anonymous caller. */
  identity: string | undefined;
  /** Print each later answer of a query, too. */
  watch: boolean;
  /** Print the wire form, for programs. */
  json: boolean;
  /** The address of a server. Default: that of this project, or this process if it has none. */
  url: string | undefined;
}

/**
 * Runs one function, public or internal, and prints its value.
 * @returns the exit code: 1 if the function failed.
 */
export async function run(root: string, options: RunOptions): Promise<number> {
  const { path, watch } = options;
  const command: SentCommand = {
    path,
    args: readJson(options.args ?? "{}", "the arguments", `'{"channel":"general"}'`),
    identity: options.identity === undefined ? null : readJson(options.identity, "--identity", `'{"subject":"u1"}'`),
    watch,
  };
  const interrupted = () => process.exit(130);
  process.once("SIGINT", interrupted);
  let code = 0;
  for await (const outcome of outcomes(root, command, options.url)) {
    printOutcome(path, outcome, options);
    code = outcome.ok ? 0 : 1;
  }
  process.off("SIGINT", interrupted);
  if (!watch || code !== 0) return code;
  console.error("The server has stopped.");
  return 1;
}

async function* outcomes(root: string, command: SentCommand, url: string | undefined): AsyncGenerator<Outcome<Wire>> {
  const server = await findServer(root, url);
  if (server) return yield* sendCommand(server, command);
  if (command.watch) {
    throw new CommandError(`--watch needs a server: only it learns of changes. Start \`${await invocation()} dev\`.`);
  }
  // It loads the engine and a database driver, which a command to a server does without.
  const { runHere } = await import("./run-here.ts");
  yield runHere(root, command);
}

function readJson(text: string, what: string, example: string): Wire {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {}
  if (typeof read === "object" && read !== null && !Array.isArray(read)) return read as Wire;
  throw new UsageError(`Expected ${what} to be an object in JSON, such as ${example}. Found: ${text}`);
}
