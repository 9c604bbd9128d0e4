import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodesIn, parse } from "../support/syntax-tree.ts";
import { readPage, root } from "./pages.ts";

/** The texts of a source file: its strings, templates without what is inserted, and comments, one after the other. */
function textsOf(path: string): string {
  const { program, comments } = parse(path, readFileSync(join(root, path), "utf8"));
  const texts = [...nodesIn(program)].map((node) => {
    if (node.type === "Literal" && typeof node.value === "string") return node.value;
    return node.type === "TemplateElement" ? (node.value.cooked ?? "") : "";
  });
  return [...texts, "\n", ...comments.map(({ value }) => `//${value}\n`)].join("");
}

const sources = globSync(["lib/**/*.ts"], { cwd: root, exclude: ["**/*.test.ts", "**/*.test-d.ts"] });

/** The parts of a quoted message that do not depend on the case: what stands between the ellipses. */
function fixedParts(quoted: string): string[] {
  return quoted
    .replace(/\n$/, "")
    .split("…")
    .filter((part) => /\w/.test(part));
}

test("the messages that docs/errors.md explains are those of the code", () => {
  const texts = sources.map(textsOf);
  const quotes = readPage("docs/errors.md").blocks.filter(({ language }) => language === "text");
  expect(quotes.length).toBeGreaterThan(20);
  const gone = quotes.filter(({ text }) => {
    const parts = fixedParts(text);
    return !texts.some((text) => parts.every((part) => text.includes(part)));
  });
  expect(gone.map(({ text, line }) => `docs/errors.md:${line}: ${text.trim()}`)).toEqual([]);
});
