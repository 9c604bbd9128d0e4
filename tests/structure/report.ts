import type { Figures, Folder, Sized } from "./figures.ts";

/** The figures as text for a terminal. */
export function reportOf(figures: Figures): string {
  const { shipped, tests, fileCycles, folderCycles } = figures;
  const perThousand = (count: number) => ((count * 1_000) / shipped.lines).toFixed(1);
  const summary = [
    ["files", grouped(shipped.files), ""],
    ["lines", grouped(shipped.lines), ""],
    ["tests beside them", grouped(tests.lines), `lines in ${tests.files} files`],
    ["median file", grouped(figures.medianFile), "lines"],
    ["median function", grouped(figures.medianFunction), "lines"],
    sized("largest file", figures.largestFile),
    sized("largest class", figures.largestClass),
    sized("largest function", figures.largestFunction),
    ["public docstrings", perThousand(figures.publicWords), "words per 1,000 lines"],
    ["other comments", perThousand(figures.otherWords), "words per 1,000 lines"],
    ["any", grouped(figures.anys), `${perThousand(figures.anys)} per 1,000 lines`],
    ["cycles of files", grouped(fileCycles.length), membersOf(fileCycles)],
    ["cycles of folders", grouped(folderCycles.length), membersOf(folderCycles)],
  ];
  const folders = [["folder", "files", "lines", "comment words per 1,000 lines"], ...figures.folders.map(rowOf)];
  return [...aligned(summary, "lrl"), "", ...cyclesOf(fileCycles, folderCycles), ...aligned(folders, "lrrr")].join(
    "\n",
  );
}

const grouped = (count: number): string => count.toLocaleString("en-US");

const sized = (name: string, { lines, where }: Sized): string[] => [name, grouped(lines), `lines: ${where}`];

function membersOf(cycles: Figures["fileCycles"]): string {
  return cycles.length === 0 ? "" : `of ${cycles.map(({ length }) => length).join(", ")}`;
}

function rowOf({ path, files, lines, commentWords }: Folder): string[] {
  return [path, grouped(files), grouped(lines), grouped(Math.round((commentWords * 1_000) / lines))];
}

/** The members of each cycle, a line each. */
function cyclesOf(...kinds: Figures["fileCycles"][]): string[] {
  return kinds.flat().flatMap((members) => ["These know each other:", ...members.map((path) => `  ${path}`), ""]);
}

/** Columns of equal width. @param sides "l" or "r" for each column: where its texts begin or end. */
function aligned(rows: readonly (readonly string[])[], sides: string): string[] {
  const widths = [...sides].map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, at) => (sides[at] === "r" ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
