import { styleText } from "node:util";
import { structuredPatch } from "diff";
import type { Step } from "./plan/step.ts";

const marks = {
  create: ["+", "green"],
  change: ["~", "yellow"],
  same: ["=", "dim"],
  manual: ["!", "red"],
} as const;

/** The list of all steps: one line each, below it what changes in the file, or what the reader is to add. */
export function showSteps(steps: readonly Step[]): string {
  return steps.map((step) => [headline(step), ...details(step).map((line) => `    ${line}`)].join("\n")).join("\n");
}

function headline(step: Step): string {
  const [mark, colour] = marks[step.kind];
  const why = step.kind === "manual" ? ` ${step.why}` : "";
  return `${styleText(colour, `${mark} ${step.path}`)}${why}`;
}

function details(step: Step): string[] {
  if (step.kind === "manual") return step.text.trimEnd().split("\n");
  if (step.kind !== "change") return [];
  const { hunks } = structuredPatch(step.path, step.path, step.before, step.text, "", "", { context: 1 });
  return hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    styleText("dim", `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`),
    ...lines.filter((line) => !line.startsWith("\\")).map(coloured),
  ]);
}

function coloured(line: string): string {
  const text = line.replace(/\r$/, "");
  if (text.startsWith("+")) return styleText("green", text);
  return text.startsWith("-") ? styleText("red", text) : text;
}
