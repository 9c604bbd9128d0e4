import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentIndex, type ArgumentTexts, type Indexed, matches } from "./argument-index.ts";

interface Item extends Indexed {
  readonly name: number;
}
const anyTexts: fc.Arbitrary<ArgumentTexts> = fc
  .dictionary(fc.constantFrom("channel", "limit", "__proto__", ""), fc.constantFrom("1", '"a"', "[]"))
  .map((texts) => new Map(Object.entries(texts)));
const anyPath = fc.constantFrom("a:list", "a:get", "b:list");

/** What an invalidation touches, found without an index. */
const touches = (item: Indexed, path: string, match: ArgumentTexts): boolean =>
  item.path === path && [...match].every(([name, text]) => item.argumentTexts.get(name) === text);

/** An item that counts how often its arguments are read. */
function counted(path: string, texts: Record<string, string>, count: () => void): Indexed {
  const argumentTexts = new Map(Object.entries(texts));
  return {
    path,
    get argumentTexts() {
      count();
      return argumentTexts;
    },
  };
}

describe("the index", () => {
  test("finds what a comparison of each item finds, after any additions and deletions", () => {
    const anyStep = fc.oneof(
      { weight: 4, arbitrary: fc.record({ add: fc.record({ path: anyPath, argumentTexts: anyTexts }) }) },
      { weight: 2, arbitrary: fc.record({ delete: fc.nat(30) }) },
      { weight: 3, arbitrary: fc.record({ invalidate: fc.record({ path: anyPath, match: anyTexts }) }) },
    );
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
        const index = new ArgumentIndex<Item>();
        const model: Item[] = [];
        let names = 0;
        for (const step of steps) {
          if ("add" in step) {
            const item = { ...step.add, name: names++ };
            index.add(item);
            model.push(item);
          } else if ("delete" in step) {
            const [item] = model.splice(step.delete % Math.max(1, model.length), 1);
            if (item) index.delete(item);
          } else {
            const { path, match } = step.invalidate;
            const expected = model.filter((item) => touches(item, path, match)).map((item) => item.name);
            const found = [...index.touchedBy({ path, match })].map((item) => item.name);
            expect(found.sort()).toEqual(expected.sort());
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test("looks at nothing but what an argument names, however much else there is", () => {
    let looked = 0;
    const count = () => looked++;
    const index = new ArgumentIndex<Indexed>();
    for (let i = 0; i < 10_000; i++) index.add(counted("messages:list", { channel: `"${i}"`, limit: "50" }, count));
    for (let i = 0; i < 10_000; i++) index.add(counted("channels:list", { channel: '"7"' }, count));
    looked = 0;
    const match = new Map([
      ["limit", "50"],
      ["channel", '"7"'],
    ]);
    expect([...index.touchedBy({ path: "messages:list", match })]).toHaveLength(1);
    expect(looked).toBeLessThanOrEqual(2);
  });

  test("looks at no item when none has that argument", () => {
    let looked = 0;
    const index = new ArgumentIndex<Indexed>();
    for (let i = 0; i < 1000; i++) index.add(counted("messages:list", { channel: `"${i}"` }, () => looked++));
    looked = 0;
    for (const match of [new Map([["channel", '"none"']]), new Map([["author", '"1"']])]) {
      expect([...index.touchedBy({ path: "messages:list", match })]).toEqual([]);
    }
    expect([...index.touchedBy({ path: "messages:unknown", match: new Map() })]).toEqual([]);
    expect(looked).toBe(0);
  });

  test("may change while it is read: a deleted item is found at most once more", () => {
    const index = new ArgumentIndex<Indexed>();
    const items = Array.from({ length: 5 }, () => ({ path: "a:b", argumentTexts: new Map() }));
    for (const item of items) index.add(item);
    const found: Indexed[] = [];
    for (const item of index.touchedBy({ path: "a:b", match: new Map() })) {
      found.push(item);
      index.delete(item);
    }
    expect(found).toEqual(items);
    expect([...index.touchedBy({ path: "a:b", match: new Map() })]).toEqual([]);
  });
});

describe("an invalidation", () => {
  const args = new Map([
    ["channel", '"general"'],
    ["limit", "50"],
  ]);

  test.each<[string, Record<string, string>, boolean]>([
    ["without arguments matches every live query", {}, true],
    ["with one argument matches those that have it", { channel: '"general"' }, true],
    ["with all arguments matches", { channel: '"general"', limit: "50" }, true],
    ["with one that differs does not match", { channel: '"general"', limit: "5" }, false],
    ["with one that the live query does not have does not match", { author: "null" }, false],
  ])("%s", (_, match, expected) => {
    expect(matches(args, new Map(Object.entries(match)))).toBe(expected);
  });
});
