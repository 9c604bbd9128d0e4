import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TemporaryProject } from "../../tests/support/temporary-project.ts";
import { installCommandOf } from "./install-command.ts";

describe("the command that installs packages", () => {
  // The package manager that runs these tests.
  beforeEach(() => void vi.stubEnv("npm_config_user_agent", ""));
  afterEach(() => void vi.unstubAllEnvs());

  test.each([
    ["package-lock.json", "npm install @electric-sql/pglite pg"],
    ["pnpm-lock.yaml", "pnpm add @electric-sql/pglite pg"],
    ["yarn.lock", "yarn add @electric-sql/pglite pg"],
    ["bun.lock", "bun add @electric-sql/pglite pg"],
  ])("beside %s is %s", (lockfile, command) => {
    using project = new TemporaryProject({ "package.json": "{}", [lockfile]: "" });
    expect(installCommandOf(["@electric-sql/pglite", "pg"], project.root)).toBe(command);
  });

  test("is that of the package manager that package.json names, where there is no lockfile", () => {
    using project = new TemporaryProject({ "package.json": '{ "packageManager": "yarn@4.9.1" }' });
    expect(installCommandOf(["pg"], project.root)).toBe("yarn add pg");
  });

  test("is that of the package manager that runs the process, whatever lockfile is there", () => {
    vi.stubEnv("npm_config_user_agent", "yarn/4.9.1 npm/? node/v24.0.0 linux x64");
    using project = new TemporaryProject({ "package.json": "{}", "package-lock.json": "" });
    expect(installCommandOf(["pg"], project.root)).toBe("yarn add pg");
  });
});
