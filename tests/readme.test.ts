import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compile, root } from "./support/compile.ts";

const readme = existsSync(join(root, "README.md")) ? readFileSync(join(root, "README.md"), "utf8") : "";

interface Example {
  /** The file that it shows, as its first line says. */
  path: string | undefined;
  text: string;
  /** Where in the README it begins, counted from 1. */
  line: number;
}

/** The blocks of code of these languages. */
function examplesIn(markdown: string, ...languages: string[]): Example[] {
  return [...markdown.matchAll(/^```(\w+)[^\n]*\n([\s\S]*?)^```$/gm)]
    .filter(([, language]) => languages.includes(language ?? ""))
    .map(({ 2: text = "", index }) => {
      const path = /^\/\/ (\S+\.tsx?)\b/.exec(text)?.[1];
      return { path, text, line: markdown.slice(0, index).split("\n").length };
    });
}

describe.skipIf(readme === "")("the README", () => {
  const examples = examplesIn(readme, "ts", "tsx");

  test("says of each example which file it is", () => {
    expect(examples.filter(({ path }) => path === undefined).map(({ line }) => `README.md:${line}`)).toEqual([]);
    expect(new Set(examples.map(({ path }) => path)).size).toBe(examples.length);
  });

  test("shows examples that compile in this project, all together", async () => {
    expect(
      await compile(Object.fromEntries(examples.map(({ path, text, line }) => [path ?? `line-${line}.tsx`, text]))),
    ).toEqual([]);
  });

  test("shows the files of the demo as they are", () => {
    for (const { path, text } of examples) {
      const file = join(root, path ?? "");
      if (!path?.startsWith("convex/") || !existsSync(file)) continue;
      expect(text.replace(/^\/\/ .*\n/, "").trim(), path).toBe(readFileSync(file, "utf8").trim());
    }
  });

  test("links to files that are there", () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, link]) => link ?? "");
    expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
  });

  test("names scripts that are there", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const builtin = ["install", "add", "exec", "drizzle-kit", "pack"];
    const named = [...readme.matchAll(/\bpnpm(?:@\d+)? (?:run )?([a-z][\w-]*)/g)].map(([, name]) => name ?? "");
    expect(named.filter((name) => !(name in scripts) && !builtin.includes(name))).toEqual([]);
  });
});

test("an example that does not compile is found, where it stands", async () => {
  const markdown = [
    "```tsx",
    "// app/example/page.tsx",
    'import { useQuery } from "convex-lite/react";',
    'import { api } from "@/convex/_generated/api";',
    "",
    "export default function Page() {",
    '  return <p>{useQuery(api.messages.listByChannel, { chanel: "a" }).data?.length}</p>;',
    "}",
    "```",
    "```sh",
    "pnpm dev",
    "```",
  ].join("\n");
  const [example, ...others] = examplesIn(markdown, "ts", "tsx");
  expect(others).toEqual([]);
  const [first] = await compile({ [example?.path ?? ""]: example?.text ?? "" });
  expect(first).toMatch(/^app\/example\/page\.tsx\(6,\d+\): error TS/);
});
