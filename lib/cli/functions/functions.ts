import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { styleText } from "node:util";
import { printProblem } from "../../bundling/load-error.ts";
import { Registry } from "../../engine/run/registry.ts";
import type { FunctionKind, Visibility } from "../../functions/reference.ts";
import { FunctionLoader } from "../../node/loading/load-functions.ts";
import { scanFunctions } from "../../node/loading/scan-functions.ts";
import { describeSchema } from "./describe-schema.ts";

/** A function of a project, as it is listed. */
interface ListedFunction {
  path: string;
  kind: FunctionKind;
  visibility: Visibility;
  /** What it accepts: `{ channel: string, n?: number }`. */
  args: string;
  /** Its file, relative to the project's folder. */
  file: string;
  /** The line of its `export`. Null where it is exported by a name of another file. */
  line: number | null;
}

/** Lists the functions of a project, by loading them; nothing is run, and no database is opened. @returns the exit code. */
export async function functions(root: string, { json }: { json: boolean }): Promise<number> {
  const listed = await list(root);
  if (json) console.log(JSON.stringify({ functions: listed }));
  else if (listed.length > 0) console.log(table(listed));
  else console.error("There are no functions in convex/ yet: export a query, mutation or action from a file there.");
  return 0;
}

async function list(root: string): Promise<ListedFunction[]> {
  const loader = new FunctionLoader("convex", root);
  try {
    const { modules, warnings } = await loader.load();
    for (const warning of warnings) console.error(printProblem(warning));
    const { files } = scanFunctions(loader.directory);
    return [...new Registry(modules).all].map(([path, { kind, visibility, args }]) => {
      const [module = "", name = ""] = path.split(":");
      const file = join(loader.directory, files.get(module) ?? "");
      const line = lineOf(name, readFileSync(file, "utf8"));
      return { path, kind, visibility, args: describeSchema(args), file: relative(root, file), line };
    });
  } finally {
    await loader.close();
  }
}

/** The line on which a file exports a name of its own. */
function lineOf(name: string, source: string): number | null {
  const text = name.replaceAll("$", "\\$");
  const declared = name === "default" ? "export default" : `export (?:const|let|var) ${text}\\b`;
  const listed = `export \\{[^}]*\\b${text}\\s*[,}]`;
  const found =
    new RegExp(`^(?:${declared})`.replaceAll(" ", "\\s+"), "m").exec(source) ?? new RegExp(listed).exec(source);
  return found ? source.slice(0, found.index).split("\n").length : null;
}

function table(listed: readonly ListedFunction[]): string {
  const rows = listed.map(({ path, kind, visibility, args, file, line }) => ({
    cells: [path, kind, visibility, args],
    place: line === null ? file : `${file}:${line}`,
  }));
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map(({ cells }) => cells[column]?.length ?? 0)));
  return rows
    .map(({ cells, place }) => {
      const [path = "", ...others] = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
      return [path, ...others, styleText("dim", place)].join("  ");
    })
    .join("\n");
}
