import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

/** What a bundler ships of these exports: their files and their minified text. */
async function bundle(from: string, names = "*") {
  const result = await build({
    stdin: { contents: `export ${names} from "${from}";`, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    external: ["react"],
    // What Next replaces, for an application without a basePath.
    define: { "process.env.NODE_ENV": '"production"', "process.env.__NEXT_ROUTER_BASEPATH": '""' },
  });
  const [output] = Object.values(result.metafile.outputs);
  const text = result.outputFiles[0]?.text ?? "";
  return {
    files: Object.keys(output?.inputs ?? {}).filter((file) => file !== "<stdin>"),
    text,
    compressed: gzipSync(text).length,
    exports: output?.exports ?? [],
    imports: output?.imports.map((imported) => imported.path) ?? [],
  };
}

const ALLOWED = /^lib\/(entries|react|client|protocol|functions|values|environment)\//;

describe.each(["../entries/react.ts", "../entries/client.ts"])("the browser bundle of %s", (entry) => {
  test("reaches no server room, no package but React, and no schema", async () => {
    const { files, imports } = await bundle(entry);
    expect(files.filter((file) => !ALLOWED.test(file))).toEqual([]);
    expect(imports.filter((path) => path !== "react")).toEqual([]);
  });
});

describe("of the hooks, compressed, an app loads", () => {
  const APP = "ConvexProvider, HydrateQueries, useMutation, usePreloadedQuery, useQuery";

  test("at most 10.25 KB for everything but pagination and the client without hooks", async () => {
    const { exports } = await bundle("../entries/react.ts");
    const apart = ["usePaginatedQuery", "useConvex"];
    expect(exports).toEqual(expect.arrayContaining(apart));
    const names = exports.filter((name) => !apart.includes(name));
    expect((await bundle("../entries/react.ts", `{ ${names.join(", ")} }`)).compressed).toBeLessThanOrEqual(10_250);
  });

  test("at most 9.8 KB for queries, mutations and preloads", async () => {
    expect((await bundle("../entries/react.ts", `{ ${APP} }`)).compressed).toBeLessThanOrEqual(9_800);
  });

  test.each([
    ["usePaginatedQuery", 800],
    ["useConvex", 660],
    ["useQueries", 250],
    ["useAction", 60],
    ["useConnectionState", 170],
  ])("%s only where it is used, and then at most %i bytes more", async (name, bytes) => {
    const app = await bundle("../entries/react.ts", `{ ${APP} }`);
    const more = (await bundle("../entries/react.ts", `{ ${APP}, ${name} }`)).compressed - app.compressed;
    expect(more).toBeGreaterThan(20);
    expect(more).toBeLessThanOrEqual(bytes);
  });
});

test("development checks are not shipped", async () => {
  const { text } = await bundle("../entries/react.ts");
  for (const check of ["isFrozen", "loads for ever", "event handler", "import api"]) expect(text).not.toContain(check);
});
