import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { checkRooms, mayKnow } from "./check-rooms.ts";
import { knows } from "./rooms.ts";

test("every file of lib/ keeps to the plan of its rooms", () => {
  expect(checkRooms(resolve(import.meta.dirname, "../.."))).toEqual([]);
});

test("client and engine take time, timers and random numbers from the environment only", () => {
  const root = resolve(import.meta.dirname, "../..");
  const files = globSync("lib/{client,react,engine,schema,invalidation,functions,protocol,values}/**/*.ts", {
    cwd: root,
  });
  const uses =
    /\b(setTimeout|setInterval|setImmediate|Date\.now|performance\.now|Math\.random|randomUUID|randomBytes)\(/;
  const found = files
    .filter((path) => !/\.test(-d)?\.ts$/.test(path))
    .flatMap((path) => uses.exec(readFileSync(resolve(root, path), "utf8"))?.[1]?.concat(` in ${path}`) ?? []);
  expect(found).toEqual([]);
});

const rooms = Object.keys(knows);

test("the plan's arrows point one way", () => {
  const seen = new Set<string>();
  const visit = (room: string, trail: string[]): void => {
    expect(trail, `${[...trail, room].join(" → ")} is a circle`).not.toContain(room);
    if (seen.has(room)) return;
    for (const other of rooms) if (other !== room && mayKnow(room, other)) visit(other, [...trail, room]);
    seen.add(room);
  };
  for (const room of rooms) visit(room, []);
});

test("the plan speaks of rooms that are there", () => {
  const named = [...rooms, ...Object.values(knows).flat()].map((name) => name.replace(/\/?\*\*$/, ""));
  const missing = named.filter((name) => !existsSync(resolve(import.meta.dirname, "../../lib", name)));
  expect(missing).toEqual([]);
});

/** What the checker says about a project of these files. */
function findingsIn(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), "rooms-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return checkRooms(root);
}

describe("the checker sees", () => {
  test.each<[string, Record<string, string>, string]>([
    [
      "an arrow that runs the wrong way",
      { "lib/values/a.ts": 'import { b } from "../engine/b.ts"; b;', "lib/engine/b.ts": "export const b = 1;" },
      "lib/values/a.ts imports lib/engine/b.ts: values may not know engine.",
    ],
    [
      "such an arrow that carries only a type",
      { "lib/values/a.ts": 'import type { B } from "../engine/b.ts"; export type A = B;' },
      "values may not know engine",
    ],
    [
      "such an arrow inside a type",
      { "lib/values/a.ts": 'export type A = typeof import("../engine/b.ts");' },
      "values may not know engine",
    ],
    [
      "such an arrow that is followed late",
      { "lib/engine/a.ts": 'export const a = async () => (await import("../node/b.ts")).b;' },
      "engine may not know node",
    ],
    [
      "such an arrow in an export",
      { "lib/protocol/a.ts": 'export { b } from "../client/b.ts";' },
      "protocol may not know client",
    ],
    [
      "an import of several lines, behind comments and texts that look like one",
      {
        "lib/values/a.ts": `// import { x } from "./x.ts";
const text = \`import { \${"y".replace(/["'\`]/g, "")} } from "./y.ts";\`;
/* import "./z.ts" */ import {
  b, // from
  type C,
} from "../engine/b.ts"; text; b;`,
      },
      "values may not know engine",
    ],
    [
      "an arrow between the folders of a room that runs the wrong way",
      { "lib/engine/answers/a.ts": 'import type { B } from "../queries/b.ts"; export type A = B;' },
      "lib/engine/answers/a.ts imports lib/engine/queries/b.ts: engine/answers may not know engine/queries.",
    ],
    [
      "a folder of a room that knows what wires it",
      { "lib/engine/run/a.ts": 'import type { Engine } from "../engine.ts"; export type A = Engine;' },
      "engine/run may not know engine.",
    ],
    [
      "a folder of too many files",
      Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`lib/values/a${i}.ts`, "export const a = 1;"])),
      "lib/values holds 16 files of 0 lines: at most 15 and 1200. Part it by subject.",
    ],
    [
      "a folder of too many lines",
      { "lib/values/a.ts": "\n".repeat(601), "lib/values/b.ts": "\n".repeat(600) },
      "lib/values holds 2 files of 1201 lines",
    ],
    ["a room that is not in the plan", { "lib/drawer/a.ts": "" }, 'there is no room "drawer" in the plan'],
    [
      "an import from outside lib/",
      { "lib/node/http/a.ts": 'import "../../../server.ts";' },
      "server.ts, which is not in lib/",
    ],
    [
      "files that load each other",
      {
        "lib/values/a.ts": 'import { b } from "./b.ts"; export const a = () => b;',
        "lib/values/b.ts": 'import { c } from "./c.ts"; export const b = () => c;',
        "lib/values/c.ts": 'import { a } from "./a.ts"; export const c = () => a;',
      },
      "lib/values/a.ts → lib/values/b.ts → lib/values/c.ts → lib/values/a.ts is a circle.",
    ],
    [
      "a package on its way to the browser",
      {
        "lib/react/a.ts": 'import { b } from "../client/b.ts"; b;',
        "lib/client/b.ts": 'import { c } from "../protocol/c.ts"; export const b = c;',
        "lib/protocol/c.ts": 'import { z } from "zod"; export const c = z;',
      },
      "lib/client/b.ts → lib/protocol/c.ts → zod: would be in the browser.",
    ],
    [
      "a builtin module of Node on its way to the browser",
      { "lib/client/a.ts": 'export const a = () => import("node:fs");' },
      "lib/client/a.ts → node:fs: would be in the browser.",
    ],
    [
      "definitions on their way to the browser",
      { "lib/client/a.ts": 'import "../functions/define.ts";', "lib/functions/define.ts": "" },
      "lib/client/a.ts → lib/functions/define.ts: would be in the browser.",
    ],
    [
      "an import of an entry",
      { "lib/client/a.ts": 'import { q } from "../entries/server.ts"; q;' },
      "lib/client/a.ts imports lib/entries/server.ts: client may not know entries.",
    ],
    [
      "an index",
      { "lib/client/index.ts": "" },
      "lib/client/index.ts: lib/ holds no index.ts; a public entry is a file in lib/entries/.",
    ],
    [
      "an entry for browsers that loads more",
      {
        "lib/entries/client.ts": 'import "../functions/define.ts";',
        "lib/functions/define.ts": "export const define = 1;",
      },
      "lib/entries/client.ts → lib/functions/define.ts: would be in the browser.",
    ],
    [
      "the package's own name inside lib/",
      { "lib/node/a.ts": 'import type { Q } from "convex-lite/server"; export type A = Q;' },
      "lib/node/a.ts imports convex-lite/server",
    ],
    ["everything passed on", { "lib/values/a.ts": 'export * from "./b.ts";' }, 'says export * from "./b.ts"'],
    [
      "everything passed on under a name",
      { "lib/values/a.ts": 'export * as b from "./b.ts";' },
      'says export * from "./b.ts"',
    ],
    ["a variable at the top level", { "lib/values/a.ts": "let n = 0; export const a = () => n++;" }, 'keeps "n"'],
    ["an empty collection", { "lib/values/a.ts": "const m: Map<string, number> = new Map();" }, 'keeps "m"'],
    ["an empty list", { "lib/values/a.ts": "export const list: string[] = [];" }, 'keeps "list"'],
    ["a weak collection", { "lib/values/a.ts": "const seen = new WeakMap<object, string>();" }, 'keeps "seen"'],
    ["a list that grows", { "lib/values/a.ts": "const all = [1]; export const a = () => all.push(2);" }, 'keeps "all"'],
    [
      "a set that is filled",
      { "lib/values/a.ts": "const s = new Set([1]); export function a() { s.add(2); }" },
      'keeps "s"',
    ],
    [
      "a field that is set",
      { "lib/values/a.ts": "const s = { n: 1 }; export const a = () => { s.n += 1; };" },
      'keeps "s"',
    ],
    [
      "an entry that is set",
      { "lib/values/a.ts": 'const s = { n: 1 }; export const a = (k) => { s[k("]")] = 1; };' },
      'keeps "s"',
    ],
    [
      "a field inside a field that is set, and one that is deleted",
      { "lib/values/a.ts": "const s = { t: { n: 1 } }; export const a = () => { s.t.n++; delete s.t; };" },
      'keeps "s"',
    ],
    [
      "an object that others are copied into",
      { "lib/values/a.ts": "const s = { n: 1 }; export const a = (t: object) => Object.assign(s, t);" },
      'keeps "s"',
    ],
    ["a static field", { "lib/values/a.ts": "export class A { static n = 0; }" }, 'keeps "A.n"'],
    [
      "a static collection",
      { "lib/values/a.ts": "export class A { static readonly #all = new Map<string, A>(); }" },
      'keeps "A.all"',
    ],
    [
      "a collection of another module that is filled",
      {
        "lib/values/a.ts": 'import { b } from "./b.ts"; export const a = () => b.push(1);',
        "lib/values/b.ts": "export const b = [0];",
      },
      'lib/values/a.ts keeps "b"',
    ],
    [
      "an import of types only that loads the module nevertheless",
      {
        "lib/client/a.ts": 'import { type B } from "../functions/define.ts"; export type A = B;',
        "lib/functions/define.ts": "export type B = 1;",
      },
      "lib/client/a.ts → lib/functions/define.ts: would be in the browser.",
    ],
    [
      "all types passed on",
      { "lib/values/a.ts": 'export type * from "./b.ts";', "lib/values/b.ts": "" },
      'says export * from "./b.ts"',
    ],
    ["a drawer", { "lib/values/string-utils.ts": "" }, "lib/values/string-utils.ts: name it by its subject."],
    [
      "a .tsx in lib/",
      { "lib/react/a.tsx": "export const A = () => <p>Don't</p>;" },
      "lib/react/a.tsx: lib/ holds no .tsx",
    ],
    [
      "material of tests in what is shipped",
      { "lib/client/a.ts": 'import "./b.test.ts";', "lib/client/b.test.ts": "" },
      "lib/client/a.ts imports lib/client/b.test.ts, which is a test.",
    ],
    [
      "a path into lib/ from the demo",
      { "app/chat/page.tsx": 'import { useQuery } from "@/lib/react";\nexport default () => <p>Don\'t</p>;' },
      "app/chat/page.tsx imports @/lib/react",
    ],
    [
      "such a path inside a type, beside JSX",
      {
        "app/page.tsx":
          'type A = import("../lib/react/use-query.ts").B;\nexport default () => <p title="Don\'t">{"a"}</p>;',
      },
      "app/page.tsx imports ../lib/react/use-query.ts",
    ],
    [
      "a relative path into lib/ from the functions",
      { "convex/admin/users.ts": "import type { Q } from '../../lib/functions/define.ts';" },
      "convex/admin/users.ts imports ../../lib/functions/define.ts",
    ],
    [
      "a path into lib/ from the server",
      { "server.ts": 'await import("./lib/entries/node.ts");' },
      "server.ts imports ./lib",
    ],
    [
      "a path into lib/ from the configuration of drizzle-kit",
      { "drizzle.config.ts": 'import { c } from "./lib/entries/drizzle-kit.ts"; c;' },
      "drizzle.config.ts imports ./lib/entries/drizzle-kit.ts",
    ],
  ])("%s", (_, files, finding) => {
    const findings = findingsIn(files);
    expect(findings).toContainEqual(expect.stringContaining(finding));
  });
});

describe("the checker has nothing to say about", () => {
  test.each<[string, Record<string, string>]>([
    [
      "types of zod in the browser's rooms, and files that know each other's types",
      {
        "lib/protocol/message.ts":
          'import { z } from "zod"; import type { A } from "../values/a.ts"; export const m: A = z;',
        "lib/client/b.ts": 'import type { m } from "../protocol/message.ts"; export type B = typeof m;',
        "lib/values/a.ts": 'import type { B } from "./b.ts"; export type A = B | 1;',
        "lib/values/b.ts": 'import type { A } from "./a.ts"; export type B = A | 2;',
      },
    ],
    [
      "tables, constants, and locals that change",
      {
        "lib/values/a.ts": `const codes = new Set(["a"]);
const table = { a: 1, b: [] } as const;
export const has = (s: string) => codes.has(s) && table.a === 1 && table["a"] >= 1;
export function count() { let n = 0; const m = new Map(); m.set(n++, 1); return { codes: m.size }; }
export class Store { #codes = new Map(); add(codes: string[]) { this.codes.push(1); } codes: number[] = []; }`,
      },
    ],
    [
      "locals and parameters that are named as something at the top level",
      {
        "lib/values/a.ts": `const all = [1]; const one = { n: 1 };
export const grow = (all: number[], { one }: { one: { n: number } }) => { all.push(2); one.n++; };
export function count() { for (const one of [{ n: 1 }]) one.n++; const all = [2]; if (all[0]) all.push(3); }
export const sum = () => all.length + one.n;`,
      },
    ],
    ["what is only declared", { "lib/values/a.ts": "declare let n: number; export const a = () => n;" }],
    [
      "texts and comments that look like an import",
      { "app/page.tsx": '// import "@/lib/react";\nexport default () => <p>{\'import "@/lib/react";\'}</p>;' },
    ],
    ["a test that knows everything", { "lib/values/a.test.ts": 'import "../engine/engine.ts"; let n = 0; n++;' }],
    ["a program's own top level", { "lib/cli/main.ts": "let n = 0; n++;" }],
    [
      "the package's name outside lib/",
      { "convex/a.ts": 'import { query } from "convex-lite/server"; query;', "app/lib/a.ts": 'import "../b.ts";' },
    ],
  ])("%s", (_, files) => {
    expect(findingsIn(files)).toEqual([]);
  });
});
