import { type ArgsDef, type ParsedArgs, parseArgs } from "citty";
import { checkArguments } from "./arguments.ts";

/** One command of `convex-lite`. */
export interface Command {
  /** What it does, in the help. */
  readonly description: string;
  /** The flags and arguments that it takes, as citty describes them. */
  readonly args: ArgsDef;
  /**
   * @returns the exit code.
   * @throws {UsageError} when the arguments are not those that it takes.
   */
  readonly run: (args: string[]) => Promise<number>;
}

/**
 * Defines a command. `run` gets the values of `args`, and returns the exit code; it should import what does the work when
 * it is called, so that the help of all commands loads none of it.
 */
export function defineCommand<const Args extends ArgsDef>(definition: {
  description: string;
  args: Args;
  run: (args: ParsedArgs<Args>) => Promise<number>;
}): Command {
  const { description, args, run } = definition;
  return {
    description,
    args,
    run: (given) => {
      checkArguments(args, given);
      return run(parseArgs<Args>(given, args));
    },
  };
}
