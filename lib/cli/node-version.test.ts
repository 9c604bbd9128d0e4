import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tooOldNode } from "./node-version.ts";

describe("the version of Node", () => {
  test.each(["20.20.2", "22.17.9", "21.99.0"])("%s is refused in one sentence that says which is needed", (version) => {
    expect(tooOldNode(version)).toBe(
      `convex-lite needs Node 22.18 or later (it runs server.ts as it is). This is ${version}.`,
    );
  });

  test.each(["22.18.0", "22.20.1", "23.0.0", "24.21.0"])("%s will do", (version) => {
    expect(tooOldNode(version)).toBeUndefined();
  });

  test("the oldest is the one that package.json names", () => {
    const { engines } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
    const [, oldest] = /^>=(\d+\.\d+)$/.exec(engines.node) ?? [];
    expect(tooOldNode(`${oldest}.0`)).toBeUndefined();
    expect(tooOldNode("0.0.0")).toContain(`Node ${oldest} or later`);
  });
});
