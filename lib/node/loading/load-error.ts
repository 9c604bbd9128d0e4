import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { styleText } from "node:util";
import type { Message } from "esbuild";
import { firstPosition, type SourcePosition } from "./source-positions.ts";

/** One thing that keeps the functions from being loaded. */
export interface LoadProblem {
  message: string;
  position?: SourcePosition;
}

/** The files in `convex/` do not load: a syntax error, an import that leads nowhere, or a module that throws. */
export class LoadError extends Error {
  override name = "LoadError";
  readonly problems: readonly LoadProblem[];

  constructor(problems: readonly LoadProblem[], cause?: unknown) {
    super(problems.map(({ message, position }) => (position ? `${place(position)} ${message}` : message)).join("\n"), {
      cause,
    });
    this.problems = problems;
  }

  /** What the bundler found wrong. */
  static fromMessages(messages: readonly Message[], root: string): LoadError {
    return new LoadError(
      messages.map(({ text, location }) => {
        // The bundler's name for plain files is "file" or nothing.
        if (!location || (location.namespace !== "file" && location.namespace !== "")) return { message: text };
        const position = { file: `${root}/${location.file}`, line: location.line, column: location.column + 1 };
        return { message: text, position };
      }),
    );
  }

  /** What a module threw while it was evaluated. Its stack names the author's files already. */
  static fromThrown(thrown: unknown, root: string): LoadError {
    const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `threw ${String(thrown)}`;
    const position = thrown instanceof Error ? firstPosition(thrown.stack ?? "", `${root}/`) : undefined;
    return new LoadError([position ? { message, position } : { message }], thrown);
  }
}

function place({ file, line, column }: SourcePosition): string {
  return `${relative(process.cwd(), file)}:${line}:${column}`;
}

/** For the terminal: what is wrong, where, and the lines around it. */
export function printProblem({ message, position }: LoadProblem): string {
  if (!position) return message;
  const frame = codeFrame(position);
  return [styleText("cyan", place(position)), message, ...(frame ? ["", frame] : [])].join("\n");
}

/** Two lines before and after, and a mark below the column. Empty when the file cannot be read. */
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
      // A tab stays a tab, so that the mark stands where the eye expects it.
      const before = code.slice(0, column - 1).replace(/[^\t]/g, " ");
      return [
        `${styleText("red", ">")} ${gutter(number)} ${code}`,
        `${styleText("dim", `  ${gutter("")}`)} ${before}${styleText("red", "^")}`,
      ];
    })
    .join("\n");
}
