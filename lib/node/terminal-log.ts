import { relative } from "node:path";
import { inspect, styleText } from "node:util";
import type { Log } from "../environment/environment.ts";

export interface TerminalLogOptions {
  /** Makes the stack of an error name the author's files; see `FunctionLoader`. */
  remapStack?: (thrown: unknown) => void;
  /** Where lines go; by default warnings and errors to standard error, the rest to standard output. */
  write?: (line: string, level: keyof Log) => void;
}

const MARKS = {
  info: () => styleText("cyan", "•"),
  warn: () => styleText("yellow", "!"),
  error: () => styleText("red", "✗"),
} satisfies Record<keyof Log, () => string>;

/** A log for people: one calm line for each thing, the details indented below it. Colours only where a terminal reads it. */
export function terminalLog({ remapStack, write = writeToTerminal }: TerminalLogOptions = {}): Log {
  const line = (level: keyof Log) => (message: string, about?: Record<string, unknown>) =>
    write(` ${MARKS[level]()} ${indent(message)}${details(about ?? {}, remapStack)}`, level);
  return { info: line("info"), warn: line("warn"), error: line("error") };
}

function writeToTerminal(line: string, level: keyof Log): void {
  (level === "info" ? process.stdout : process.stderr).write(`${line}\n`);
}

function details(about: Record<string, unknown>, remapStack: TerminalLogOptions["remapStack"]): string {
  const { error, ...rest } = about;
  const facts = Object.entries(rest).filter(([, value]) => value !== undefined);
  const printed = facts.map(([name, value]) => `${name} ${typeof value === "string" ? value : inspect(value)}`);
  if (error !== undefined) remapStack?.(error);
  return [
    printed.length > 0 ? `\n   ${styleText("dim", printed.join(" · "))}` : "",
    error !== undefined ? `\n   ${indent(printError(error))}` : "",
  ].join("");
}

/** What failed in full, where in short: the frames of Node and of packages are dimmed. */
function printError(error: unknown): string {
  return inspect(error, { depth: 4 }).replace(/^ +at .*$/gm, (frame) => {
    const short = frame.replaceAll(`${process.cwd()}/`, "").replaceAll(`file://${process.cwd()}/`, "");
    return /node:|node_modules|\blib\//.test(short) ? styleText("dim", short) : short;
  });
}

function indent(text: string): string {
  return text.replaceAll("\n", "\n   ");
}

/** How a path is shown: relative to where the command was given. */
export function shownPath(path: string): string {
  return relative(process.cwd(), path) || ".";
}
