import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BUGS } from "./bugs.ts";
import { type Edit, edited } from "./edit.ts";

const root = join(import.meta.dirname, "../..");

test.each(BUGS)("every edit has its place in the code of today: $name", ({ edits }) => {
  const texts = new Map(edits.map(({ file }) => [file, readFileSync(join(root, file), "utf8")]));
  for (const edit of edits) {
    const before = texts.get(edit.file) ?? "";
    texts.set(edit.file, edited(before, edit));
    expect(texts.get(edit.file)).not.toBe(before);
  }
});

const STORE = `class Store {
  /** Loads. */
  async load(key: string): Promise<void> {
    const found: Row | undefined = await this.#rows.get(
      key, // by name
    );
    if (found === undefined || (found.old && this.strict)) throw new Error("gone");
    this.#seen.add(found); this.#log("loaded", key, 1);
  }
  get size() { return this.#rows.size; }
}
const open = () => new Store();
`;

/** What an edit in `load` makes of the class. */
function store(edit: Pick<Edit, "find" | "put"> & Partial<Edit>): string {
  return edited(STORE, { file: "lib/store.ts", in: "load", ...edit });
}

describe("an edit finds code by its syntax", () => {
  test.each<[string, string, string, string]>([
    ["under any formatting and comments", "this.#rows.get(key)", "key", "= await key;"],
    ["with any code in its blanks", "await $rows.get($key)", "$key", "Row | undefined = key;"],
    ["also names of members", "this.#$rows.get(key)", "this.#$rows", "await this.#rows;"],
    ["under any types and brackets", "const found = $_;", "", "Promise<void> {\n    \n    if"],
    ["an expression inside another", "$found.old && $_", "$found.old", "|| (found.old)) throw"],
    ["where a blank is the same each time", "$a === undefined || $a.old && $_", "!$a", "if (!found) throw"],
    ["with any number of arguments", "this.#log($$all)", "log($$all)", ' log("loaded", key, 1);'],
    ["with any number of arguments after the first", 'this.#log("loaded", $$more)', "log($$more)", " log(key, 1);"],
    ["and keeps what was found", "throw $_;", "{ $0 }", '{ throw new Error("gone"); }'],
  ])("%s", (_, find, put, expected) => {
    expect(store({ find, put })).toContain(expected);
  });

  test("and takes names from other code there", () => {
    expect(store({ find: "throw $_;", given: "$seen.add($_)", put: "$seen.clear();" })).toContain(
      "this.#seen.clear();",
    );
  });

  test("in a getter, a function that a variable holds, a whole class", () => {
    expect(store({ in: "size", find: "return $_;", put: "return 0;" })).toContain("get size() { return 0; }");
    expect(store({ in: "open", find: "new Store()", put: "null" })).toContain("const open = () => null;");
    expect(store({ in: "Store", find: "return $_;", put: "return 0;" })).toContain("{ return 0; }");
  });
});

describe("an edit that does not fit exactly once says what it expects, what there is and what to do", () => {
  test("no function of that name", () => {
    expect(() => store({ in: "save", find: "throw $_;", put: "" })).toThrow(
      "A planted bug expects `save` once in lib/store.ts, and found it nowhere. Say in tests/planted/bugs.ts which " +
        "function or file has its code now. This file has: Store, Store.load, Store.size, open.",
    );
  });

  test("no such code in the function, but in another one", () => {
    expect(() => store({ in: "size", find: "throw $_;", put: "" })).toThrow(
      "A planted bug expects this code once in `Store.size` of lib/store.ts:\n  throw $_;\nand found it nowhere. " +
        "It stands in `Store.load`. Say in tests/planted/bugs.ts how the code looks now, so that the bug is the same.",
    );
  });

  test("such code several times", () => {
    expect(() => store({ find: "this.#$_", put: "" })).toThrow("and found it 3 times, in the lines 4, 8, 8.");
  });

  test("a blank that differs", () => {
    expect(() => store({ find: "$a === undefined || $b.old && $a", put: "" })).toThrow("and found it nowhere");
  });

  test("a blank that is put and not found", () => {
    expect(() => store({ find: "throw $_;", put: "throw $error;" })).toThrow("A planted bug puts $error");
  });

  test("a result that is no valid code", () => {
    expect(() => store({ find: "throw $_;", put: "throw" })).toThrow(SyntaxError);
  });
});
