import { resolve } from "node:path";
import { inspect, styleText } from "node:util";
import type { Log } from "../../environment/environment.ts";

export interface TerminalLogOptions {
  /** Makes the stack of an error name the author's files; see `FunctionLoader`. */
  remapStack?: (thrown: unknown) => void;
  /** Where lines go; by default warnings and errors to standard error, the rest to standard output. */
  write?: (line: string, level: keyof Log) => void;
}

/** The folder of this framework, `lib/`: lines of a stack that lie in it are not the author's. */
const framework = `${resolve(import.meta.dirname, "../..")}/`;

const MARKS = {
  info: () => styleText("cyan", "•"),
  warn: () => styleText("yellow", "!"),
  error: () => styleText("red", "✗"),
} satisfies Record<keyof Log, () => string>;

/**
 * A log for people: one calm line for each thing, an error's story indented below it. Colours only where a terminal
 * reads it.
 */
export function terminalLog({ remapStack, write = writeToTerminal }: TerminalLogOptions = {}): Log {
  const line = (level: keyof Log) => (message: string, about?: Record<string, unknown>) => {
    const { error, ...facts } = about ?? {};
    if (error !== undefined) remapStack?.(error);
    const story = error === undefined ? "" : `\n${printError(error)}`;
    write(` ${MARKS[level]()} ${indent(`${message}${printFacts(message, facts)}${story}`)}`, level);
  };
  return { info: line("info"), warn: line("warn"), error: line("error") };
}

function writeToTerminal(line: string, level: keyof Log): void {
  (level === "info" ? process.stdout : process.stderr).write(`${line}\n`);
}

/** On the same line, dimmed; what the message says already is left out. */
function printFacts(message: string, facts: Record<string, unknown>): string {
  const news = Object.entries(facts)
    .map(([name, value]) => [name, typeof value === "string" ? value : inspect(value, { breakLength: 120 })] as const)
    .filter(([, value]) => value !== "undefined" && !message.includes(value));
  return news.length > 0 ? styleText("dim", `  ${news.map(([name, value]) => `${name} ${value}`).join(" · ")}`) : "";
}

/** What a database adds to its message, and helps. */
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

/** Where it happened: the author's files, and a few frames of others, dimmed. */
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
