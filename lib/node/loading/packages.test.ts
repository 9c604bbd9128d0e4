import { symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { afterEach, describe, expect, test } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { FunctionLoader } from "./load-functions.ts";

const open: (FunctionLoader | TemporaryProject)[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) {
    if (each instanceof FunctionLoader) await each.close();
    else each[Symbol.dispose]();
  }
});

function projectOf(files: Record<string, string>): { project: TemporaryProject; loader: FunctionLoader } {
  const project = new TemporaryProject(files);
  const loader = new FunctionLoader("convex", project.root);
  open.push(loader, project);
  return { project, loader };
}

/** Calls an export of `convex/a.ts`. */
async function call(loader: FunctionLoader, name = "run"): Promise<unknown> {
  const { modules } = await loader.load();
  const exported = modules.a?.[name] as () => unknown;
  return exported();
}

/** Loads a project whose `convex/a.ts` exports `run`, and calls that. */
function resultOf(files: Record<string, string>): Promise<unknown> {
  return call(projectOf(files).loader);
}

async function errorOf(loader: FunctionLoader): Promise<string> {
  return loader.load().then(
    () => "",
    (error: Error) => error.message,
  );
}

/** An installed package: its files, beside a package.json with these fields. */
function installed(name: string, fields: Record<string, unknown>, files: Record<string, string>) {
  const folder = `node_modules/${name}`;
  return {
    [`${folder}/package.json`]: JSON.stringify({ name, version: "1.0.0", ...fields }),
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text])),
  };
}

/** A package as server-only is, which is installed once and is the same for all. */
const serverOnly = installed(
  "server-only",
  { exports: { ".": { "react-server": "./empty.js", default: "./index.js" } } },
  { "empty.js": "", "index.js": 'throw new Error("This module cannot be imported from a Client Component module.");' },
);

describe("a package is found where the bundler finds it", () => {
  test("by a path without its ending, which names a file or a folder, as dayjs and lodash document it", async () => {
    const days = installed(
      "days",
      {},
      { "plugin/utc.js": 'module.exports = "utc";', "get/index.js": "exports.get = 1;" },
    );
    const imports =
      'import utc from "days/plugin/utc"; import { get } from "days/get"; export const run = () => [utc, get];';
    expect(await resultOf({ ...days, "convex/a.ts": imports })).toEqual(["utc", 1]);
  });

  test("next/cache and next/headers, also from a package of ES modules that imports them without the ending", async () => {
    const sessions = installed(
      "sessions",
      { type: "module", exports: "./index.js" },
      {
        "index.js": 'export { cookies } from "next/headers"; export { format } from "./format";',
        "format.js": "export const format = 1;",
      },
    );
    const imports = `
      import { revalidatePath } from "next/cache";
      import { cookies, format } from "sessions";
      export const run = () => [typeof revalidatePath, typeof cookies, format];`;
    expect(await resultOf({ ...sessions, "convex/a.ts": imports })).toEqual(["function", "function", 1]);
  });

  test("from the file that imports it: a package of the workspace has dependencies of its own, in versions of its own", async () => {
    const version = (number: number) => ({ main: "index.js", version: `${number}.0.0` });
    const { project, loader } = projectOf({
      ...installed("dates", version(1), { "index.js": "exports.version = 1;" }),
      "packages/model/package.json": '{ "name": "model", "exports": "./index.ts", "type": "module" }',
      "packages/model/index.ts": `
        import { version } from "dates";
        import { own } from "own-dependency";
        export const seen = [version, own];
        export const later = async () => (await import("dates")).version;`,
      "packages/model/node_modules/dates/package.json": JSON.stringify({ name: "dates", ...version(2) }),
      "packages/model/node_modules/dates/index.js": "exports.version = 2;",
      "packages/model/node_modules/own-dependency/package.json":
        '{ "name": "own-dependency", "type": "module", "exports": "./index.js" }',
      "packages/model/node_modules/own-dependency/index.js": 'export const own = "own";',
      "convex/a.ts": `
        import { version } from "dates";
        import { later, seen } from "model";
        export const run = async () => [version, (await import("dates")).version, ...seen, await later()];`,
    });
    symlinkSync(project.path("packages/model"), project.path("node_modules/model"));
    expect(await call(loader)).toEqual([1, 1, 2, "own", 2]);
  });

  test("with every name that a CommonJS package exports, and the whole of it where a bundled file requires it", async () => {
    const lists = installed(
      "lists",
      {},
      { "index.js": "const all = { first: 1, last: 2 }; module.exports = Object.assign(() => 0, all);" },
    );
    const { project, loader } = projectOf({
      ...lists,
      "packages/old/package.json": '{ "name": "old", "main": "index.js" }',
      "packages/old/index.js":
        'const lists = require("lists"); module.exports = { called: lists(), last: lists.last };',
      "convex/a.ts":
        'import lists, { first } from "lists"; import old from "old"; export const run = () => [lists(), first, old];',
    });
    symlinkSync(project.path("packages/old"), project.path("node_modules/old"));
    expect(await call(loader)).toEqual([0, 1, { called: 0, last: 2 }]);
  });

  test("where Node cannot load what it holds: TypeScript and JSON of a package are bundled", async () => {
    const sources = installed(
      "sources",
      { exports: { ".": "./index.ts", "./data": "./data.json" } },
      {
        "index.ts": "export const typed: number = 1;",
        "data.json": '{ "held": 2 }',
      },
    );
    const imports =
      'import { typed } from "sources"; import data from "sources/data"; export const run = () => [typed, data.held];';
    expect(await resultOf({ ...sources, "convex/a.ts": imports })).toEqual([1, 2]);
  });

  test("as the instance that Node gives to server.ts, by the conditions and fields that Node looks at", async () => {
    const twofold = installed(
      "twofold",
      { exports: { ".": { module: "./bundler.mjs", import: "./node.mjs", require: "./node.cjs" } } },
      {
        "bundler.mjs": "export const held = {};",
        "node.mjs": "export const held = {};",
        "node.cjs": "exports.held = {};",
      },
    );
    const { project, loader } = projectOf({
      ...twofold,
      "server.ts": 'export { held } from "twofold";',
      "convex/a.ts": 'export { held } from "twofold"; export const later = () => import("twofold");',
    });
    const { modules } = await loader.load();
    const server = (await import(/* @vite-ignore */ project.path("node_modules/twofold/node.mjs"))) as {
      held: unknown;
    };
    expect(modules.a?.held).toBe(server.held);
    expect(await call(loader, "later")).toBe(server);
  });
});

describe("server-only", () => {
  test("may be imported by anything that a function reaches, also by packages, and also if it is not installed", async () => {
    const access = installed(
      "access",
      { type: "module", exports: "./index.js" },
      {
        "index.js": 'import "server-only"; export const allowed = true;',
      },
    );
    const legacy = installed("legacy", {}, { "index.js": 'require("server-only"); exports.old = 1;' });
    expect(
      await resultOf({
        ...serverOnly,
        ...access,
        ...legacy,
        "lib/rows.ts": 'import "server-only"; export const rows = 1;',
        "convex/a.ts": `
          import { rows } from "../lib/rows";
          import { allowed } from "access";
          import { old } from "legacy";
          export const run = async () => [rows, allowed, old, typeof (await import("server-only"))];`,
      }),
    ).toEqual([1, true, 1, "object"]);
  });

  test("still stops every other importer in this process", async () => {
    const { project, loader } = projectOf({
      ...serverOnly,
      "convex/a.ts": 'import "server-only"; export const run = 1;',
    });
    await loader.load();
    expect(() => createRequire(project.path("server.ts"))("server-only")).toThrow("Client Component");
  });
});

describe("a package that throws while it loads", () => {
  const paying = installed(
    "@pay/node",
    { exports: "./index.js" },
    {
      "index.js": 'throw new TypeError("PAY_KEY is not set");',
    },
  );

  test("is named, with the author's file that imports it", async () => {
    const { project, loader } = projectOf({
      ...paying,
      "lib/money.ts": 'export const currency = "EUR";\nimport { pay } from "@pay/node";\nexport const due = pay;',
      "convex/a.ts": 'export { due as run } from "../lib/money";',
    });
    const message = await errorOf(loader);
    expect(message).toContain(`lib/money.ts:2:21 @pay/node cannot be loaded here. TypeError: PAY_KEY is not set`);
    project.write("lib/money.ts", "export const due = 1;");
    expect(await errorOf(loader)).toBe("");
  });

  test("when it is called by the author's file, leads to that file", async () => {
    const { loader } = projectOf({
      ...installed("clients", {}, { "index.js": 'exports.connect = () => { throw new Error("no address"); };' }),
      "convex/a.ts": 'import { connect } from "clients";\nexport const client = connect();',
    });
    expect(await errorOf(loader)).toMatch(/convex\/a\.ts:2:\d+ Error: no address$/);
  });
});
