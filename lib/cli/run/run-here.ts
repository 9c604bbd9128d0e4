import { Console } from "node:console";
import { join } from "node:path";
import { openDatabase } from "../../database/open-database.ts";
import { createEngine } from "../../engine/engine.ts";
import { type Log, machineEnvironment } from "../../environment/environment.ts";
import { runCommand } from "../../node/commands/run-command.ts";
import { FunctionLoader, type LoadedFunctions } from "../../node/loading/load-functions.ts";
import { readSettings } from "../../node/process/settings.ts";
import { terminalLog } from "../../node/process/terminal-log.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import { unfitTables } from "../../schema/unfit-tables.ts";
import type { Wire } from "../../values/wire.ts";
import { invocation } from "../terminal/invocation.ts";
import type { SentCommand } from "./send-command.ts";

/**
 * Runs a function in this process, on the database of a project that has no server: loads the functions, and takes the lock
 * of an embedded database. What the functions print goes to stderr.
 * @throws {DirectoryInUseError} when another process has the embedded database.
 */
export async function runHere(root: string, command: SentCommand): Promise<Outcome<Wire>> {
  const { outcome, hint } = await withConsoleOnStderr(() => runWith(new FunctionLoader("convex", root), root, command));
  if (hint !== undefined) console.error(hint);
  return outcome;
}

async function withConsoleOnStderr<T>(body: () => Promise<T>): Promise<T> {
  const { console } = globalThis;
  globalThis.console = new Console(process.stderr, process.stderr);
  try {
    return await body();
  } finally {
    globalThis.console = console;
  }
}

/** How the function ended, and what else there is to be said of it. */
interface Run {
  outcome: Outcome<Wire>;
  hint?: string | undefined;
}

async function runWith(loader: FunctionLoader, root: string, command: SentCommand): Promise<Run> {
  const { development, databaseUrl } = readSettings(root);
  const log = logOf(loader);
  try {
    const loaded = development ? await loader.load() : await loader.loadBuilt();
    const { modules, schema, casing } = loaded;
    const database = await openDatabase({ url: databaseUrl, directory: join(root, ".convex"), schema, log });
    const engine = createEngine({ driver: database, environment: machineEnvironment(log), development });
    try {
      // biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React
      engine.useFunctions(modules, schema, casing);
      const outcome = await runCommand(engine, command);
      if (outcome.ok) return { outcome: { ok: true, value: JSON.parse(outcome.value) as Wire } };
      const isFailure = outcome.error.kind === "internal";
      return { outcome, hint: isFailure ? await unfitHint(database, loaded, development) : undefined };
    } finally {
      await engine.close();
      await database.close();
    }
  } finally {
    await loader.close();
  }
}

/** The log of the engine: what went wrong, on stderr. */
function logOf({ remapStack }: FunctionLoader): Log {
  const write = (line: string) => void process.stderr.write(`${line}\n`);
  return { ...terminalLog({ remapStack, write }), info() {} };
}

/** A function that fails may lack its tables: a server would have made them. */
async function unfitHint(
  database: Parameters<typeof unfitTables>[0],
  { schema, casing }: LoadedFunctions,
  development: boolean,
): Promise<string | undefined> {
  const unfit = await unfitTables(database, schema, casing);
  if (unfit === undefined || !development) return unfit;
  const dev = `${invocation()} dev`;
  return `The database does not fit convex/schema.ts, and \`run\` does not change it. Start \`${dev}\` once: it does.`;
}
