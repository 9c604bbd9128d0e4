import { describe, expect, test } from "vitest";
import { StatementNames } from "./statement-names.ts";

describe("the names of a client's statements", () => {
  test("a statement has a name from the second time on, always the same, and no other has it", () => {
    const names = new StatementNames("client_1");
    expect(names.of("select 1")).toBeUndefined();
    const name = names.of("select 1");
    expect(name).toMatch(/^client_1_/);
    expect(names.of("select 1")).toBe(name);
    names.of("select 2");
    expect(names.of("select 2")).not.toBe(name);
  });

  test("no more than 128 are named, whatever is sent", () => {
    const names = new StatementNames("client_1");
    const texts = Array.from({ length: 1_000 }, (_, i) => `select ${i}`);
    for (const text of texts) {
      names.of(text);
      names.of(text);
    }
    expect(texts.filter((text) => names.of(text) !== undefined)).toHaveLength(128);
  });

  test("when the server has forgotten them, they are named anew, by names that it has never known", () => {
    const names = new StatementNames("client_1");
    names.of("select 1");
    const before = names.of("select 1");
    names.startGeneration(1);
    names.startGeneration(1);
    expect(names.of("select 1")).toBeUndefined();
    const after = names.of("select 1");
    expect(after).toBeDefined();
    expect(after).not.toBe(before);
  });
});
