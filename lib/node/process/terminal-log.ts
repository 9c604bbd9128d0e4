import { resolve } from "node:path";
import { inspect, styleText } from "node:util";
import type { Log } from "../../environment/environment.ts";

/** What `terminalLog` takes. A `FunctionLoader` fits. */
export interface TerminalLogOptions {
  /** Rewrites the stack of an error so that it names the author's files: `FunctionLoader.remapStack`. */
  remapStack?: (thrown: unknown) => void;
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
 * Colours are used only if the output is a terminal.
 * @returns the log.
 * @example
 * const loader = new FunctionLoader("convex");
 * const log = terminalLog(loader);
 */
export function terminalLog({ remapStack, write = writeToTerminal }: TerminalLogOptions = {}): Log {
  const line = (level: keyof Log) => (message: string, about?: Record<string, unknown>) => {
    const { error, ...facts } = about ?? {};
    if (error !== undefined) remapStack?.(error);
    const details = error === undefined ? "" : `\n${printError(error)}`;
    write(` ${MARKS[level]()} ${indent(`${message}${printFacts(message, facts)}${details}`)}`, level);
  };
  return { info: line("info"), warn: line("warn"), error: line("error") };
}

function writeToTerminal(line: string, level: keyof Log): void {
  (level === "info" ? process.stdout : process.stderr).write(`${line}\n`);
}

/** The facts, dimmed, for the message's own line. A value that the message contains already is left out. */
function printFacts(message: string, facts: Record<string, unknown>): string {
  const news = Object.entries(facts)
    .map(([name, value]) => [name, typeof value === "string" ? value : inspect(value, { breakLength: 120 })] as const)
    .filter(([, value]) => value !== "undefined" && !message.includes(value));
  return news.length > 0 ? styleText("dim", `  ${news.map(([name, value]) => `${name} ${value}`).join(" · ")}`) : "";
}

/** Properties that databases add to their errors and that help to find the cause. */
const HELPFUL = ["code", "detail", "hint", "constraint"];

function printError(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return inspect(error);
  const { cause } = error;
  return [
    `${error.name}: ${error.message}`,
    ...HELPFUL.flatMap((name) => {
      const value: unknown = Reflect.get(error, name);
      return typeof value === "string" ? [styleText("dim", `${name}: ${value}`)] : [];
    }),
    ...printFrames(error.stack ?? ""),
    ...(cause !== undefined && depth < 8 ? [`caused by ${printError(cause, depth + 1)}`] : []),
  ].join("\n");
}

/** The stack: frames in the author's files, and the first four others, dimmed. */
function printFrames(stack: string): string[] {
  let foreign = 0;
  return stack.split("\n").flatMap((line) => {
    if (!/^\s+at /.test(line)) return [];
    const frame = `  ${line.trim().replaceAll("file://", "")}`;
    const short = frame.replaceAll(`${process.cwd()}/`, "").replace(/[^(\s]*\/node_modules\//, "");
    const isForeign = frame.includes("node:") || frame.includes("/node_modules/") || frame.includes(framework);
    if (!isForeign) return [short];
    return ++foreign <= 4 ? [styleText("dim", short)] : [];
  });
}

function indent(text: string): string {
  return text.replace(/\n(?!\n|$)/g, "\n   ");
}
