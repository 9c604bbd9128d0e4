import { describe, expect, test } from "vitest";
import { ConvexError, ValueError } from "./errors.ts";

describe("a ConvexError", () => {
  test("carries its data and says it in its message", () => {
    const error = new ConvexError({ code: "name-taken", name: "general" });
    expect(error).toBeInstanceOf(Error);
    expect(error.kind).toBe("application");
    expect(error.data).toEqual({ code: "name-taken", name: "general" });
    expect(error.message).toBe('ConvexError: {"code":"name-taken","name":"general"}');
    expect(String(error)).toContain("ConvexError");
  });

  test("says text as it is", () => {
    expect(new ConvexError("This channel is closed.").message).toBe("This channel is closed.");
  });

  test("can hold what JSON cannot print", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(new ConvexError(1n).message).toBe("ConvexError: 1");
    expect(new ConvexError(undefined).message).toBe("ConvexError: undefined");
    expect(new ConvexError(cycle).message).toBe("ConvexError: [object Object]");
  });
});

describe("a ValueError", () => {
  test("names where the value sits", () => {
    const path = ["rows", 3, "price"];
    const error = new ValueError(path, "is a function, which cannot travel");
    expect(error.message).toBe('The value at "rows.3.price" is a function, which cannot travel.');
    path.push("more");
    expect(error.path).toEqual(["rows", 3, "price"]);
  });

  test("needs no place for the value as a whole", () => {
    expect(new ValueError([], "is a symbol, which cannot travel").message).toBe(
      "The value is a symbol, which cannot travel.",
    );
  });
});
