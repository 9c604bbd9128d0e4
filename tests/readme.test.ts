import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { generateApi } from "../lib/node/loading/generate-api.ts";
import { scanFunctions } from "../lib/node/loading/scan-functions.ts";
import { compile, root } from "./support/compile.ts";

const documents = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];

interface Example {
  /** The file that it shows, as its first line says. */
  path: string | undefined;
  text: string;
  /** Where in the document it begins, counted from 1. */
  line: number;
}

function read(document: string): string {
  return readFileSync(join(root, document), "utf8");
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

/** With the `api` of this project and of the functions among the examples, where there are any. */
function compileExamples(examples: readonly Example[]): Promise<string[]> {
  const files = Object.fromEntries(examples.map(({ path, text, line }) => [path ?? `line-${line}.tsx`, text]));
  const { modules, hasSchema } = scanFunctions(join(root, "convex"));
  const shown = Object.keys(files).flatMap((path) => /^convex\/(.+)\.ts$/.exec(path)?.[1] ?? []);
  const api = generateApi({ modules: [...new Set([...modules, ...shown])], hasSchema });
  return compile({ ...(shown.length > 0 ? { "convex/_generated/api.ts": api } : {}), ...files });
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsIn(markdown: string): string[] {
  const text = markdown.replace(/^```[\s\S]*?^```$/gm, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe.each(documents)("%s", (document) => {
  const markdown = read(document);
  const examples = examplesIn(markdown, "ts", "tsx");

  test("says of each example which file it is", () => {
    expect(examples.filter(({ path }) => path === undefined).map(({ line }) => `${document}:${line}`)).toEqual([]);
    expect(new Set(examples.map(({ path }) => path)).size).toBe(examples.length);
  });

  test("shows examples that compile in this project, all together", async () => {
    expect(examples.length === 0 ? [] : await compileExamples(examples)).toEqual([]);
  });

  test("shows the files of the demo as they are", () => {
    for (const { path, text } of examples) {
      const file = join(root, path ?? "");
      if (!path?.startsWith("convex/") || !existsSync(file)) continue;
      expect(text.replace(/^\/\/ .*\n/, "").trim(), path).toBe(readFileSync(file, "utf8").trim());
    }
  });

  test("links to files and headings that are there", () => {
    const links = [...markdown.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
    const broken = links.filter(([, path = "", heading]) => {
      const target = path === "" ? document : join(dirname(document), path);
      if (!existsSync(join(root, target))) return true;
      return heading !== undefined && !anchorsIn(read(target)).includes(heading);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  test("names scripts that are there", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const builtin = ["install", "add", "exec", "drizzle-kit", "pack"];
    const named = [...markdown.matchAll(/\bpnpm(?:@\d+)? (?:run )?([a-z][\w:-]*)/g)].map(([, name]) => name ?? "");
    expect(named.filter((name) => !(name in scripts) && !builtin.includes(name))).toEqual([]);
  });

  test("names people and things by what they are", () => {
    expect(markdown.match(/\b(no|some|every|any)body\b|\bwhoever\b/gi) ?? []).toEqual([]);
  });
});

test("the README has 120 lines at most", () => {
  expect(read("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(120);
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
