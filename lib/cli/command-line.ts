import { commands } from "./commands.ts";
import { helpOf, helpOfAll } from "./help.ts";
import { renamed } from "./own-name.ts";
import { CommandError } from "./terminal/command-error.ts";
import { invocation } from "./terminal/invocation.ts";
import { didYouMean } from "./terminal/nearest.ts";
import { UsageError } from "./terminal/usage-error.ts";
import { version } from "./version.ts";

/**
 * Runs one command of `convex-lite`.
 * @param args What follows the name of the program.
 * @returns the exit code: 0 done, 1 failed, 2 wrong use, 130 interrupted. Why it failed is on stderr.
 */
export async function commandLine(args: string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n\`${invocation()} --help\` lists the commands.`);
      return 2;
    }
    console.error(error instanceof Error && saysWhatToDo.has(error.name) ? error.message : error);
    return 1;
  }
}

/** Errors whose message is all that the reader needs; of others the stack is shown. */
const saysWhatToDo: ReadonlySet<string> = new Set([
  "CommandError",
  "DirectoryInUseError",
  "LoadError",
  "NotBuiltError",
  "SettingsError",
  "UnplannedError",
  "UnusableDatabaseError",
]);

async function run([name, ...args]: string[]): Promise<number> {
  if (name === undefined) {
    console.error(await helpOfAll());
    return 2;
  }
  if (name === "--version" || name === "-v") return print(version());
  if (name === "--help" || name === "-h" || name === "help") return print(await helpOfAll());
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new UsageError(`There is no command ${name}.${didYouMean(name, Object.keys(commands))}`);
  const flags = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  if (flags.includes("--help") || flags.includes("-h")) return print(await helpOf(name, command));
  if (flags.includes("--version")) return print(version());
  const why = renamed(process.cwd());
  if (why !== undefined) throw new CommandError(why);
  return command.run(args);
}

function print(text: string): number {
  console.log(text);
  return 0;
}
