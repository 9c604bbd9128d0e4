import { expect, test } from "vitest";
import { spellChannelName } from "./channel-name";

test.each([
  ["Release Notes", "release-notes"],
  ["Überraschung!", "uberraschung-"],
  ["  --team  2", "team-2"],
  ["coffee ", "coffee-"],
  ["日本", ""],
  ["a".repeat(40), "a".repeat(32)],
])("%j is spelled %j while it is typed", (typed, spelled) => {
  expect(spellChannelName(typed)).toBe(spelled);
});

test("a spelled name is not changed again", () => {
  const once = spellChannelName("Café au Lait");
  expect(spellChannelName(once)).toBe(once);
});
