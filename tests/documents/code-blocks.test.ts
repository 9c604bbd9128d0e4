import { expect, test } from "vitest";
import { parse } from "../support/syntax-tree.ts";
import { compilePages } from "./compile-pages.ts";
import { allPages, parsePage } from "./pages.ts";

const pages = allPages();
const blocks = pages.flatMap((page) => page.blocks.map((block) => ({ ...block, at: `${page.path}:${block.line}` })));

test("every block of code says which file it is, and each file is shown once on a page", () => {
  const isCode = ({ language }: { language: string }) => ["ts", "tsx", "js", "jsx"].includes(language);
  expect(blocks.filter((block) => isCode(block) && block.file === undefined).map(({ at }) => at)).toEqual([]);
  const twice = pages.flatMap(({ path, blocks }) => {
    const files = blocks.filter(isCode).map(({ file }) => file);
    return files.filter((file, at) => files.indexOf(file) !== at).map((file) => `${path}: ${file}`);
  });
  expect(twice).toEqual([]);
});

test("the files of a page compile together", async () => {
  expect(await compilePages(pages)).toEqual([]);
});

test("JavaScript and JSON can be parsed", () => {
  const broken = blocks.flatMap(({ language, text, at }) => {
    try {
      if (language === "json") JSON.parse(text);
      if (language === "js" || language === "jsx") parse(`block.${language}`, text);
      return [];
    } catch (error) {
      return `${at}: ${error}`;
    }
  });
  expect(broken).toEqual([]);
});

test("a block that does not compile is found, where it stands", async () => {
  const page = parsePage(
    "docs/example.md",
    [
      "```tsx",
      "// app/page.tsx",
      '"use client";',
      'import { useQuery } from "convex-lite/react";',
      'import { api } from "@/convex/_generated/api";',
      "",
      "export default function Page() {",
      '  return <p>{useQuery(api.messages.listByChannel, { chanel: "a" }).data?.length}</p>;',
      "}",
      "```",
    ].join("\n"),
  );
  const [first] = await compilePages([page]);
  expect(first).toMatch(/^docs\/example\.md:8: .*error TS/);
});
