import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "../support/syntax-tree.ts";
import { readPage, root } from "./pages.ts";

const manifest: { exports: Record<string, unknown> } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The public entries: `react` of `convex-lite/react`. */
const entries = Object.keys(manifest.exports)
  .filter((name) => name !== "./package.json")
  .map((name) => name.slice("./".length));

/** The names that an entry exports, types included. */
function exportedBy(entry: string): string[] {
  const path = `lib/entries/${entry.replaceAll("/", "-")}.ts`;
  return parse(path, readFileSync(join(root, path), "utf8")).exports.map(
    ({ exportName }) => exportName.name ?? "default",
  );
}

/** The names that a page describes: in a heading, or in the first column of a table, in code. */
function describedIn(text: string): string[] {
  const places = text.matchAll(/^(?:#{2,4} |\| )((?:`[^`]+`(?:, )?)+)/gm);
  return [...places].flatMap(([, names = ""]) =>
    [...names.matchAll(/`<?([A-Za-z]\w*)(?:[^`\w][^`]*)?`/g)].map(([, name]) => name ?? ""),
  );
}

describe.each(entries)("docs/api/%s.md", (entry) => {
  const exported = exportedBy(entry);
  const described = describedIn(readPage(`docs/api/${entry.replaceAll("/", "-")}.md`).text);

  test("describes every export", () => {
    expect(exported.filter((name) => !described.includes(name))).toEqual([]);
  });
});

test("headings of the reference name exports that are there", () => {
  const known = entries.flatMap(exportedBy);
  const gone = entries.flatMap((entry) =>
    [...readPage(`docs/api/${entry}.md`).text.matchAll(/^#{2,3} `<?(\w+)/gm)].map(([, name]) => name ?? ""),
  );
  expect(gone.filter((name) => !known.includes(name))).toEqual([]);
});

test("the long form of server.ts in docs/api/node.md is that of this repository", () => {
  const shown = readPage("docs/api/node.md").blocks.find(({ file }) => file === "long/server.ts");
  const whole = readFileSync(join(root, "server.ts"), "utf8");
  expect(shown?.text.replace(/^.*\n/, "")).toBe(whole.slice(whole.indexOf("import {")));
});
