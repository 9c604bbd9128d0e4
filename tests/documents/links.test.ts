import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { allPages, anchorsOf, docsPages, type Link, linksOf, type Page, parsePage, readPage, root } from "./pages.ts";

/** What the package holds: a page in it may link to nothing else. Pictures are on the repository's site only. */
const shipped = [
  /^docs\/[\w./-]+\.md$/,
  /^(README|CHANGELOG|AGENTS)\.md$/,
  /^LICENSE$/,
  /^llms\.txt$/,
  /^lib\/.+\.md$/,
];

const targetOf = ({ path }: Page, link: Link): string => (link.path === "" ? path : join(dirname(path), link.path));

/** The links of a page that lead nowhere. */
function brokenLinks(page: Page): string[] {
  return linksOf(page)
    .filter((link) => {
      const target = targetOf(page, link);
      if (!existsSync(join(root, target))) return true;
      if (link.anchor === undefined || !target.endsWith(".md")) return false;
      return !anchorsOf(target === page.path ? page : readPage(target)).includes(link.anchor);
    })
    .map((link) => `${page.path}: ${link.path}${link.anchor ? `#${link.anchor}` : ""}`);
}

describe("links", () => {
  test("lead to files and headings that are there", () => {
    expect(allPages().flatMap(brokenLinks)).toEqual([]);
  });

  test("of a page in the package stay in the package", () => {
    const out = [...docsPages(), readPage("AGENTS.md")].flatMap((page) =>
      linksOf(page)
        .filter((link) => !link.isPicture && !shipped.some((files) => files.test(normalize(targetOf(page, link)))))
        .map((link) => `${page.path}: ${link.path}`),
    );
    expect(out).toEqual([]);
  });

  test("to a heading or a file that has another name are found", () => {
    const page = parsePage("docs/react.md", "# One\n[a](#one) [b](#two) [c](missing.md) [d](faq.md#missing)\n");
    expect(brokenLinks(page)).toEqual([
      "docs/react.md: #two",
      "docs/react.md: missing.md",
      "docs/react.md: faq.md#missing",
    ]);
  });
});

describe("a page in docs/", () => {
  test.each(docsPages())(
    "$path has a title and a description, and is linked from the README or another page",
    (page) => {
      const { path, front, text } = page;
      expect(front).toEqual({ title: expect.any(String), description: expect.any(String) });
      expect(text).toContain(`\n# ${front.title}\n`);
      const others = allPages().filter((other) => other.path !== path);
      expect(others.some((other) => linksOf(other).some((link) => targetOf(other, link) === path))).toBe(true);
    },
  );

  test("is listed in llms.txt with its title and description, and no other is", () => {
    const list = readFileSync(join(root, "llms.txt"), "utf8");
    const lines = docsPages().map(({ path, front }) => `- [${front.title}](${path}): ${front.description}`);
    expect(
      list
        .split("\n")
        .filter((line) => line.startsWith("- "))
        .sort(),
    ).toEqual(lines.sort());
  });
});

test("people and things are named by what they are", () => {
  const vague = allPages().flatMap(({ path, text }) =>
    [...text.matchAll(/\b(no|some|every|any)body\b|\bwhoever\b/gi)].map(([word]) => `${path}: ${word}`),
  );
  expect(vague).toEqual([]);
});
