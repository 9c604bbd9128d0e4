import { expect, test } from "vitest";
import { allPages, readPage } from "./documents/pages.ts";

const readme = readPage("README.md");

test("the README has 120 lines at most", () => {
  expect(readme.text.trimEnd().split("\n").length).toBeLessThanOrEqual(120);
});

test("the README begins with the command that adds convex-lite to a project", () => {
  const [first] = readme.blocks;
  expect(first?.text).toMatch(/^npx convex-lite init\n/);
});

test("no page but those of this repository speaks of its scripts", () => {
  const ofRepository = ["README.md", "CONTRIBUTING.md"];
  const others = allPages().filter(({ path }) => !ofRepository.includes(path));
  const speaking = others.filter(({ text }) => /\bpnpm (run |check|bench|test)/.test(text));
  expect(speaking.map(({ path }) => path)).toEqual([]);
});
