import { parseArgs } from "node:util";
import type { ArgDef, ArgsDef } from "citty";
import { didYouMean } from "./terminal/nearest.ts";
import { UsageError } from "./terminal/usage-error.ts";

/**
 * Compares arguments with those that a command takes. citty itself lets flags pass that it does not know.
 * @throws {UsageError} at the first that the command does not take or that lacks its value, and when one is missing.
 */
export function checkArguments(defined: ArgsDef, args: string[]): void {
  const flags = Object.fromEntries(Object.entries(defined).filter(([, { type }]) => type !== "positional"));
  const { tokens, positionals } = parseArgs({
    args,
    options: Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, { type: typeOf(flag) }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) if (token.kind === "option") checkFlag(flags, token);
  checkPositionals(defined, positionals);
}

function typeOf({ type }: ArgDef): "boolean" | "string" {
  return type === "boolean" ? "boolean" : "string";
}

/** A flag on the command line: `--port 3000`, `--port=3000`, `--yes`, `--no-install`. */
interface Flag {
  name: string;
  rawName: string;
  value: string | undefined;
  inlineValue: boolean | undefined;
}

function checkFlag(flags: ArgsDef, { name, rawName, value, inlineValue }: Flag): void {
  const flag = flags[name] ?? withAlias(flags, name) ?? negated(flags, name);
  if (!flag) {
    const names = Object.keys(flags).map((known) => `--${known}`);
    throw new UsageError(`There is no flag ${rawName}.${didYouMean(rawName, names)}`);
  }
  if (flag.type === "boolean") {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value. Found: ${value}.`);
    return;
  }
  const isNextFlag = inlineValue === false && value?.startsWith("-");
  if (value === undefined || value === "" || isNextFlag) {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${hint(flag)}.`);
  }
  if (flag.type === "enum" && !flag.options?.includes(value)) {
    throw new UsageError(`${rawName} takes ${hint(flag)}. Found: ${value}.`);
  }
}

/** `-y` is the flag `yes`. */
function withAlias(flags: ArgsDef, name: string): ArgDef | undefined {
  return Object.values(flags).find((flag) => "alias" in flag && [flag.alias].flat().includes(name));
}

/** `--no-install` is the flag `install` with the value false. */
function negated(flags: ArgsDef, name: string): ArgDef | undefined {
  const flag = name.startsWith("no-") ? flags[name.slice("no-".length)] : undefined;
  return flag?.type === "boolean" ? flag : undefined;
}

function hint(flag: ArgDef): string {
  return flag.type === "enum" ? (flag.options ?? []).join("|") : (flag.valueHint ?? "VALUE");
}

function checkPositionals(defined: ArgsDef, found: readonly string[]): void {
  const expected = Object.entries(defined).filter(([, { type }]) => type === "positional");
  const missing = expected.slice(found.length).find(([, { required }]) => required !== false);
  if (missing) throw new UsageError(`Expected <${missing[0]}>: ${missing[1].description ?? "it is missing"}.`);
  const further = found.slice(expected.length);
  if (further.length > 0) {
    const names = expected.map(([name]) => `<${name}>`).join(" ");
    throw new UsageError(`Expected ${names || "no argument"}. Found${names ? " also" : ""}: ${further.join(" ")}.`);
  }
}
