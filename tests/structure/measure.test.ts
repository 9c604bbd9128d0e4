import { describe, expect, test } from "vitest";
import { cyclesIn } from "./cycles.ts";
import { figuresOf } from "./figures.ts";
import { reportOf } from "./report.ts";

const ENTRY = "lib/entries/client.ts";
const STORE = `import type { Key } from "../values/key.ts";

/** Keeps four words. */
export class Store {
  /** Adds one. */
  add(key: Key): void {
    // not public
    this.#each(() => {
      key;
    });
  }
  /** hidden here */
  #each(visit: (value: any) => void): void {}
}

/** What is told. */
export type Told = {
  /** the name */
  name: any;
  on: () => void;
};

/** exported by no entry */
export const open = () => new Store();
`;
const files = {
  [ENTRY]: 'export { Store, type Told as Said } from "../client/store.ts";\n',
  "lib/client/store.ts": STORE,
  "lib/values/key.ts": 'import type { Told } from "../client/store.ts";\nexport type Key = Told["name"];\n',
  "lib/values/key.test.ts": "any;\nany;\n",
};
const figures = figuresOf(new Map(Object.entries(files)), [ENTRY]);

describe("the figures of lib/", () => {
  test("count tests apart", () => {
    expect(figures.shipped).toEqual({ files: 3, lines: 27 });
    expect(figures.tests).toEqual({ files: 1, lines: 2 });
  });

  test("name the largest file, class and function by place", () => {
    expect(figures.medianFile).toBe(2);
    expect(figures.largestFile).toEqual({ lines: 24, where: "lib/client/store.ts" });
    expect(figures.largestClass).toEqual({ lines: 11, where: "Store, lib/client/store.ts:4" });
    expect(figures.largestFunction).toEqual({ lines: 6, where: "Store.add, lib/client/store.ts:6" });
  });

  test("do not count a function without a name, which belongs to the one around it", () => {
    expect(figures.medianFunction).toBe(1);
  });

  test("tell docstrings of what an entry exports, and of its public members, from other comments", () => {
    expect(figures.publicWords).toBe(3 + 2 + 3 + 2);
    expect(figures.otherWords).toBe(2 + 2 + 4);
  });

  test("count any where it is a type", () => {
    expect(figures.anys).toBe(2);
  });

  test("find the files and folders that know each other, if only by types", () => {
    expect(figures.fileCycles).toEqual([["lib/client/store.ts", "lib/values/key.ts"]]);
    expect(figures.folderCycles).toEqual([["lib/client", "lib/values"]]);
  });

  test("list each folder", () => {
    expect(figures.folders).toEqual([
      { path: "lib/client", files: 1, lines: 24, commentWords: 18 },
      { path: "lib/entries", files: 1, lines: 1, commentWords: 0 },
      { path: "lib/values", files: 1, lines: 2, commentWords: 0 },
    ]);
  });
});

test("a cycle is all that leads to each other, and is found once", () => {
  const arrows = { a: "b", b: "cd", c: "a", d: "ef", e: "d", f: "", g: "a" };
  const known = Object.entries(arrows).map(([name, others]) => [name, new Set(others)] as const);
  expect(cyclesIn(new Map(known))).toEqual([
    ["a", "b", "c"],
    ["d", "e"],
  ]);
});

test("the report is aligned", () => {
  expect(reportOf(figures)).toBe(
    `
files                  3
lines                 27
tests beside them      2  lines in 1 files
median file            2  lines
median function        1  lines
largest file          24  lines: lib/client/store.ts
largest class         11  lines: Store, lib/client/store.ts:4
largest function       6  lines: Store.add, lib/client/store.ts:6
public docstrings  370.4  words per 1,000 lines
other comments     296.3  words per 1,000 lines
any                    2  74.1 per 1,000 lines
cycles of files        1  of 2
cycles of folders      1  of 2

These know each other:
  lib/client/store.ts
  lib/values/key.ts

These know each other:
  lib/client
  lib/values

folder       files  lines  comment words per 1,000 lines
lib/client       1     24                            750
lib/entries      1      1                              0
lib/values       1      2                              0`.slice(1),
  );
});
