import { resolve } from "node:path";
import { inspect, styleText } from "node:util";
import type { Log } from "../../environment/environment.ts";
import { printable, withoutValues } from "./printable.ts";

/** What `terminalLog` takes. A `FunctionLoader` fits. */
export interface TerminalLogOptions {
  /** Rewrites the stack of an error so that it names the author's files: `FunctionLoader.remapStack`. */
  remapStack?: (thrown: unknown) => void;
  /**
   * Whether errors of the database show the values that a caller has sent. For a log that only you read: a password may
   * be among them. @default false
   */
  values?: boolean;
  /** Writes one entry. Default: warnings and errors go to standard error, information to standard output. */
  write?: (line: string, level: keyof Log) => void;
}

/** The folder of the framework, `lib/`. Stack frames in it are not the author's. */
const framework = `${resolve(import.meta.dirname, "../..")}/`;

const MARKS = {
  info: () => styleText("cyan", "•"),
  warn: () => styleText("yellow", "!"),
  error: () => styleText("red", "✗"),
} satisfies Record<keyof Log, () => string>;

/**
 * Makes a log for reading in a terminal: one line for each message, with an error and its causes indented below it.
 * Control characters are left out, long texts are cut, and errors of the database do not show the values of callers.
 * Colours are used only if the output is a terminal.
 * @returns the log.
 * @example
 * const loader = new FunctionLoader("convex");
 * const log = terminalLog(loader);
 */
export function terminalLog({ remapStack, values = false, write = writeToTerminal }: TerminalLogOptions = {}): Log {
  const said = (error: Error, text: string): string => printable(values ? text : withoutValues(error, text));
  const line = (level: keyof Log) => (message: string, about?: Record<string, unknown>) => {
    const { error, ...facts } = about ?? {};
    if (error !== undefined) remapStack?.(error);
    const details = error === undefined ? "" : `\n${printError(error, said)}`;
    write(` ${MARKS[level]()} ${indent(`${printable(message)}${printFacts(message, facts)}${details}`)}`, level);
  };
  return { info: line("info"), warn: line("warn"), error: line("error") };
}

function writeToTerminal(line: string, level: keyof Log): void {
  (level === "info" ? process.stdout : process.stderr).write(`${line}\n`);
}

/** The facts, dimmed, for the message's own line. A value that the message contains already is left out. */
function printFacts(message: string, facts: Record<string, unknown>): string {
  const news = Object.entries(facts)
    .map(([name, value]) => [name, printable(shown(value))] as const)
    .filter(([, value]) => value !== "undefined" && !message.includes(value));
  return news.length > 0 ? styleText("dim", `  ${news.map(([name, value]) => `${name} ${value}`).join(" · ")}`) : "";
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : inspect(value, { breakLength: 120 });
}

/** What an error says, in one of its texts, as it may be printed. */
type Said = (error: Error, text: string) => string;

/** Properties that databases add to their errors and that help to find the cause. */
const HELPFUL = ["code", "detail", "hint", "constraint"];

function printError(error: unknown, said: Said, depth = 0): string {
  if (!(error instanceof Error)) return printable(inspect(error));
  const { cause } = error;
  return [
    `${printable(error.name)}: ${said(error, error.message)}`,
    ...HELPFUL.flatMap((name) => {
      const value: unknown = Reflect.get(error, name);
      return typeof value === "string" ? [styleText("dim", `${name}: ${said(error, value)}`)] : [];
    }),
    ...printFrames(framesOf(error)),
    ...(cause !== undefined && depth < 8 ? [`caused by ${printError(cause, said, depth + 1)}`] : []),
  ].join("\n");
}

/** The stack without the message, whose lines could look like frames. */
function framesOf({ stack = "", message }: Error): string {
  const at = stack.indexOf(message);
  return at < 0 ? stack : stack.slice(at + message.length);
}

/** The stack: frames in the author's files, and the first four others, dimmed. */
function printFrames(stack: string): string[] {
  let foreign = 0;
  return stack.split("\n").flatMap((line) => {
    if (!/^\s+at /.test(line)) return [];
    const frame = `  ${printable(line.trim()).replaceAll("file://", "")}`;
    const short = frame.replaceAll(`${process.cwd()}/`, "").replace(/[^(\s]*\/node_modules\//, "");
    const isForeign = frame.includes("node:") || frame.includes("/node_modules/") || frame.includes(framework);
    if (!isForeign) return [short];
    return ++foreign <= 4 ? [styleText("dim", short)] : [];
  });
}

function indent(text: string): string {
  return text.replace(/\n(?!\n|$)/g, "\n   ");
}
