import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { styleText } from "node:util";
import type { Message } from "esbuild";
import { firstPosition, type SourcePosition } from "./source-positions.ts";

/** One reason why files do not load, or something doubtful in them. */
export interface LoadProblem {
  /** What is wrong, and what to do. */
  message: string;
  /** Where. Absent when it concerns no single place. */
  position?: SourcePosition;
}

/** Files of the project do not load: because of a syntax error, an import that is not found, or a module that throws. */
export class LoadError extends Error {
  override name = "LoadError";
  readonly problems: readonly LoadProblem[];

  constructor(problems: readonly LoadProblem[], cause?: unknown) {
    super(problems.map(({ message, position }) => (position ? `${place(position)} ${message}` : message)).join("\n"), {
      cause,
    });
    this.problems = problems;
  }

  /** Made of the bundler's messages. */
  static fromMessages(messages: readonly Message[], root: string): LoadError {
    return new LoadError(problemsOf(messages, root), messages.find(({ detail }) => detail !== undefined)?.detail);
  }

  /** Made of what a module threw during its evaluation. The stack must name the author's files already. */
  static fromThrown(thrown: unknown, root: string): LoadError {
    const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `A module threw ${String(thrown)}`;
    const position = thrown instanceof Error ? firstPosition(thrown.stack ?? "", `${root}/`) : undefined;
    return new LoadError([position ? { message, position } : { message }], thrown);
  }
}

/** The bundler's messages, with positions in the author's files. */
export function problemsOf(messages: readonly Message[], root: string): LoadProblem[] {
  return messages.map(({ text, location }) => {
    const message = inOurWords(text);
    // The bundler calls the namespace of plain files "file" or "".
    if (!location || (location.namespace !== "file" && location.namespace !== "")) return { message };
    return {
      message,
      position: { file: `${root}/${location.file}`, line: location.line, column: location.column + 1 },
    };
  });
}

function inOurWords(text: string): string {
  if (text.startsWith("Top-level await is")) {
    return "`await` outside of a function is not supported in convex/ and in files that it imports. Await inside the function that needs the value, or keep the promise in a constant and await that.";
  }
  return text.replaceAll("convex-lite-package:", "");
}

function place({ file, line, column }: SourcePosition): string {
  return `${relative(process.cwd(), file)}:${line}:${column}`;
}

/** A problem as the terminal shows it: position, message, and the lines around the position. */
export function printProblem({ message, position }: LoadProblem): string {
  if (!position) return message;
  const frame = codeFrame(position);
  return [styleText("cyan", place(position)), message, ...(frame ? ["", frame] : [])].join("\n");
}

/** The line with two lines before and after it, and a mark below the column. Empty when the file cannot be read. */
function codeFrame({ file, line, column }: SourcePosition): string {
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch {
    return "";
  }
  const first = Math.max(1, line - 2);
  const last = Math.min(lines.length, line + 2);
  const width = String(last).length;
  const gutter = (number: number | "") => `${String(number).padStart(width)} │`;
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    .flatMap((number) => {
      const code = lines[number - 1] ?? "";
      if (number !== line) return [styleText("dim", `  ${gutter(number)} ${code}`)];
      // Tabs are kept, so that the mark is below the column in any tab width.
      const before = code.slice(0, column - 1).replace(/[^\t]/g, " ");
      return [
        `${styleText("red", ">")} ${gutter(number)} ${code}`,
        `${styleText("dim", `  ${gutter("")}`)} ${before}${styleText("red", "^")}`,
      ];
    })
    .join("\n");
}
