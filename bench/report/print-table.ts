import { styleText } from "node:util";
import type { Row } from "./row.ts";

const columns = ["", "value", "baseline", "ratio", "bound", ""] as const;

/** The rows as a table for the terminal. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.name,
    `${figure(row.value)} ${row.unit}`,
    `${figure(row.baseline)} ${row.unit}`,
    row.ratio.toFixed(2),
    row.bound,
    row.ok ? "holds" : "MISSED",
  ]);
  const widths = columns.map((title, i) => Math.max(title.length, ...cells.map((line) => (line[i] ?? "").length)));
  const print = (line: readonly string[]) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  return [
    styleText("dim", print(columns)),
    ...cells.map((line, i) => (rows[i]?.ok ? print(line) : styleText("red", print(line)))),
  ].join("\n");
}

/** Three significant digits, with separators between thousands. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-GB", { minimumFractionDigits: 0, maximumFractionDigits: digits });
}
