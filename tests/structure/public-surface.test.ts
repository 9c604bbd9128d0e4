import { resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildDeclarations, treesOf } from "./build-declarations.ts";
import * as known from "./known-gaps.ts";
import { packageEntries } from "./package-entries.ts";
import { type Finding, type Findings, findingsIn } from "./public-surface.ts";

describe("the entries of the package", () => {
  let findings: Findings;
  beforeAll(async () => {
    const entries = packageEntries(resolve(import.meta.dirname, "../.."));
    findings = findingsIn(await buildDeclarations(entries), entries);
  });

  test("document every name that they export and every public member, but for the known gaps", () => {
    expect(news(findings.undocumented, known.undocumented)).toEqual([]);
  });

  test("export every type that a public signature names, but for the known gaps", () => {
    expect(news(findings.unexported, known.unexported)).toEqual([]);
  });
});

/** What is found and not known, and what is known and not found. */
function news(found: readonly Finding[], expected: readonly string[]): string[] {
  const names = found.map(({ name }) => name);
  return [
    ...found.filter(({ name }) => !expected.includes(name)).map(({ sentence }) => sentence),
    ...expected
      .filter((name) => !names.includes(name))
      .map(
        (name) =>
          `tests/structure/known-gaps.ts lists "${name}", which is no gap any more: delete the line, or give it the new name.`,
      ),
  ];
}

const ENTRY = "lib/entries/client.ts";

/** What is found where the entry has these declarations, beside a file of others. */
function inEntry(text: string): Findings {
  const store = `import type { Row } from "./row.ts";
/** A store. */
export declare class Store { #private; private hidden; }
export type Key = string;
/** Shown nowhere. */
export { Row };
`;
  const files = { [ENTRY]: text, "lib/client/store.ts": store, "lib/client/row.ts": "export interface Row {}" };
  return findingsIn(treesOf(files), [ENTRY]);
}

describe("a missing docstring is found", () => {
  test.each([
    ["of a constant", "export declare const a: 1;", ["client: a"]],
    ["of a function", "// one\nexport declare function a(): void;", ["client: a"]],
    ["of a type", "/* one */ export type A = 1;", ["client: A"]],
    ["of what another file declares", 'export { Key as Name } from "../client/store.ts";', ["client: Name"]],
    ["of what a third file declares", 'export { Row } from "../client/store.ts";', ["client: Row"]],
    ["of several constants that share one", "/** Two. */ export declare const a: 1, b: 2;", ["client: a", "client: b"]],
    [
      "of members of an interface",
      "/** A. */ export interface A { b: 1; /** C. */ c: 2; d(): void; (): void; [key: string]: unknown }",
      ["client: A.b", "client: A.d", "client: A()", "client: A[]"],
    ],
    ["of members of an object type", "/** A. */ export type A = { readonly b: 1 };", ["client: A.b"]],
    [
      "of members of a class",
      "/** A. */ export declare class A { #private; private b; protected c: 1; static d: 2; constructor(); }",
      ["client: A.c", "client: A.d", "client: A.constructor"],
    ],
  ])("%s", (_, text, names) => {
    expect(inEntry(text).undocumented.map(({ name }) => name)).toEqual(names);
  });

  test("and named with its place", () => {
    expect(inEntry('export { Key as Name } from "../client/store.ts";').undocumented).toEqual([
      { name: "client: Name", sentence: "lib/client/store.ts: `Name` has no docstring." },
    ]);
  });
});

describe("a docstring is not missed", () => {
  test.each([
    ["where it stands on the declaration", 'export { Store } from "../client/store.ts";'],
    ["of overloads where one has it", "/** A. */ export declare function a(b: 1): 1; export declare function a(): 2;"],
    ["of an accessor where one half has it", "/** A. */ export declare class A { /** B. */ get b(): 1; set b(_: 1); }"],
    ["of what is marked as internal", "/** A. */ export declare class A { /** @internal */ b: 1; }"],
    ["of the name of an error", "/** A. */ export declare class A extends Error { name: string; }"],
    ["of what the language names", "/** A. */ export declare class A { [Symbol.dispose](): void; }"],
  ])("%s", (_, text) => {
    expect(inEntry(text)).toEqual({ undocumented: [], unexported: [] });
  });
});

describe("a type that no entry exports is found", () => {
  const imported = 'import type { Store, Key } from "../client/store.ts";';
  test.each([
    ["as a parameter", "/** A. */ export declare function a(store: Store): void;", ["client: Store"]],
    ["as a part of a result", "/** A. */ export declare function a(): Promise<Store[]>;", ["client: Store"]],
    ["as a bound", "/** A. */ export declare function a<K extends Key>(key: K): void;", ["client: Key"]],
    [
      "as the type of a constant",
      '/** A. */ export declare const a: import("../client/store.ts").Key;',
      ["client: Key"],
    ],
    ["as the type of a member", "/** A. */ export interface A { /** B. */ b?: Key }", ["client: Key"]],
    ["as what an interface extends", "/** A. */ export interface A extends Store {}", ["client: Store"]],
    ["as what a class implements", "/** A. */ export declare class A implements Store {}", ["client: Store"]],
    ["as a member of a union", "/** A. */ export type A = Key | 1;", ["client: Key"]],
    ["in the same file", "type B = 1; /** A. */ export declare const a: B;", ["client: B"]],
  ])("%s", (_, text, names) => {
    expect(inEntry(`${imported} ${text}`).unexported.map(({ name }) => name)).toEqual(names);
  });

  test("once, and named with its place and with what names it", () => {
    const text = `${imported} /** A. */ export interface A { /** B. */ b: Key; /** C. */ c: Key }`;
    expect(inEntry(text).unexported).toEqual([
      { name: "client: Key", sentence: "lib/client/store.ts: no entry exports `Key`, which `A.b` names." },
    ]);
  });

  test("and not where it is exported under another name, private, computed with, a parameter or of a package", () => {
    const text = `${imported} import type { Other } from "other";
type Hidden = 1;
/** Its name. */
export { Store as Shop } from "../client/store.ts";
/** A. */
export declare class A<Key> { private row: Hidden; /** B. */ b: Store; /** C. */ c: Key; /** D. */ d: Other; }
/** E. */
export type E<T> = T extends Key ? 1 : 2;
`;
    expect(inEntry(text)).toEqual({ undocumented: [], unexported: [] });
  });
});
