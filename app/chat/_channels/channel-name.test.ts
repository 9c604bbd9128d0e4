import { expect, test } from "vitest";
import { channelNameOf } from "./channel-name";

test.each([
  ["Release Notes", "release-notes"],
  ["Überraschung!", "uberraschung"],
  ["  --team  2", "team-2"],
  ["coffee ", "coffee"],
  ["日本", ""],
  ["a".repeat(40), "a".repeat(32)],
  [`${"a".repeat(31)} b`, "a".repeat(31)],
])("for %j the name is %j", (typed, name) => {
  expect(channelNameOf(typed)).toBe(name);
});

test("a name stays as it is", () => {
  const once = channelNameOf("Café au Lait");
  expect(channelNameOf(once)).toBe(once);
});
