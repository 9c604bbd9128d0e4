import { setTimeout } from "node:timers/promises";
import type { Outcome } from "../../protocol/outcome.ts";
import type { Wire } from "../../values/wire.ts";
import { CommandError } from "../terminal/command-error.ts";
import { invocation } from "../terminal/invocation.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { type CommandServer, findServer } from "./find-server.ts";
import { printOutcome } from "./print-outcome.ts";
import { type SentCommand, ServerLostError, sendCommand } from "./send-command.ts";

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
 * Runs one function, public or internal, and prints its value. An interruption ends this process with 130.
 * @returns the exit code: 1 if the function failed.
 */
export async function run(root: string, options: RunOptions): Promise<number> {
  const interrupted = () => process.exit(130);
  process.once("SIGINT", interrupted);
  try {
    return await runAndPrint(root, options);
  } finally {
    process.off("SIGINT", interrupted);
  }
}

/** Runs one function, and prints its value. @returns 1 if it failed, else 0. */
export async function runAndPrint(root: string, options: RunOptions): Promise<number> {
  const { path, watch } = options;
  const command: SentCommand = {
    path,
    args: readJson(options.args ?? "{}", "the arguments", `'{"channel":"general"}'`),
    identity: options.identity === undefined ? null : readJson(options.identity, "--identity", `'{"subject":"u1"}'`),
    watch,
  };
  let isOk = true;
  for await (const outcome of watch ? watched(root, command, options.url) : outcomes(root, command, options.url)) {
    printOutcome(path, outcome, options);
    isOk = outcome.ok;
  }
  return isOk ? 0 : 1;
}

async function* outcomes(root: string, command: SentCommand, url: string | undefined): AsyncGenerator<Outcome<Wire>> {
  const server = await findServer(root, url);
  if (server) return yield* sendCommand(server, command);
  // It loads the engine and a database driver, which a command to a server does without.
  const { runHere } = await import("./run-here.ts");
  yield runHere(root, command);
}

/**
 * Each answer of a query. When the server of this project has stopped, it waits for the next one, which `dev` starts after
 * some changes, and goes on with what differs from the last answer.
 * @throws {CommandError} when there is no server, or one elsewhere has stopped: the next one has another token.
 */
async function* watched(root: string, command: SentCommand, url: string | undefined): AsyncGenerator<Outcome<Wire>> {
  let server = await findServer(root, url);
  if (!server) {
    throw new CommandError(`--watch needs a server: only it learns of changes. Start \`${invocation()} dev\`.`);
  }
  for (let shown: string | undefined; ; ) {
    let last: Outcome<Wire> | undefined;
    try {
      for await (last of sendCommand(server, command)) {
        const text = JSON.stringify(last);
        if (text !== shown) yield last;
        shown = text;
      }
      // Such as a mutation: it cannot be watched.
      if (last?.ok === false && last.error.kind === "badRequest") return;
    } catch (error) {
      if (!(error instanceof ServerLostError)) throw error;
    }
    if (url !== undefined) throw new CommandError("The server has stopped.");
    console.error("The server has stopped. Waiting until it runs again.");
    server = await nextServer(root);
  }
}

/** Waits until the project has a server that takes commands. @throws {CommandError} when it has one that takes none. */
async function nextServer(root: string): Promise<CommandServer> {
  for (let hasRefused = false; ; ) {
    await setTimeout(LOOK_AGAIN_MS);
    try {
      const server = await findServer(root, undefined);
      if (server) return server;
      hasRefused = false;
    } catch (error) {
      // A server that starts is there a moment before its file: see `BoundPort.note`.
      if (hasRefused) throw error;
      hasRefused = true;
    }
  }
}

/** Milliseconds between two looks for a server that has stopped. */
const LOOK_AGAIN_MS = 250;

function readJson(text: string, what: string, example: string): Wire {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {}
  if (typeof read === "object" && read !== null && !Array.isArray(read)) return read as Wire;
  throw new UsageError(`Expected ${what} to be an object in JSON, such as ${example}. Found: ${text}`);
}
