import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

/** What a bundler ships of an entry: its files and its minified text. */
async function bundle(entry: string) {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    external: ["react"],
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const [output] = Object.values(result.metafile.outputs);
  return {
    files: Object.keys(output?.inputs ?? {}),
    text: result.outputFiles[0]?.text ?? "",
    imports: output?.imports.map((imported) => imported.path) ?? [],
  };
}

const ALLOWED = /^lib\/(react|client|protocol|functions|values|environment)\//;

describe.each(["./index.ts", "../client/index.ts"])("the browser bundle of %s", (entry) => {
  test("reaches no server room, no package but React, and no schema", async () => {
    const { files, imports } = await bundle(entry);
    expect(files.filter((file) => !ALLOWED.test(file))).toEqual([]);
    expect(imports.filter((path) => path !== "react")).toEqual([]);
  });

  test("is smaller than 12 KB compressed", async () => {
    const { text } = await bundle(entry);
    expect(gzipSync(text).length).toBeLessThanOrEqual(12 * 1024);
  });
});

test("development checks are not shipped", async () => {
  const { text } = await bundle("./index.ts");
  expect(text).not.toContain("isFrozen");
});
