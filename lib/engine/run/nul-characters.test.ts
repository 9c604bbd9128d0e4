import { expect, test } from "vitest";
import { BadRequestError } from "../../protocol/function-error.ts";
import { refuseNul } from "./nul-characters.ts";

test.each<[unknown, (string | number)[]]>([
  ["a\0b", ["text"]],
  [
    ["a", { deep: ["", "\0"] }],
    ["text", 1, "deep", 1],
  ],
  [new Set(["a", "\0"]), ["text", 1]],
  [new Map([["a", "\0"]]), ["text", 0, 1]],
  [{ "k\0ey": 1 }, ["text", "key"]],
])("arguments with U+0000 are refused, with the place of it: %j", (text, path) => {
  const refused = () => refuseNul("m:send", { text });
  expect(refused).toThrow(BadRequestError);
  expect(refused).toThrow(expect.objectContaining({ issues: [{ path, message: expect.stringContaining("U+0000") }] }));
});

test("other arguments are not", () => {
  refuseNul("m:send", { text: "\\0 \\u0000 \u0001", bytes: new Uint8Array(4), at: new Date(0), none: null, big: 1n });
});
