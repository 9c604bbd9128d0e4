import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { TemporaryProject } from "../../tests/support/temporary-project.ts";
import { renamed } from "./own-name.ts";

describe("the name in package.json", () => {
  test("is that of the framework in its own repository, and any in other projects", () => {
    using project = new TemporaryProject({ "package.json": '{ "name": "shop" }' });
    expect(renamed(join(import.meta.dirname, "../.."))).toBeUndefined();
    expect(renamed(project.root)).toBeUndefined();
  });

  test("must not be changed in a clone: the sentence says what to do", async () => {
    using clone = new TemporaryProject({
      "package.json": '{ "name": "shop" }',
      "lib/cli/own-name.ts": readFileSync(join(import.meta.dirname, "own-name.ts"), "utf8"),
    });
    const itsOwn = (await import(clone.path("lib/cli/own-name.ts"))) as { renamed: typeof renamed };
    expect(itsOwn.renamed(clone.root)).toMatch(/^Expected "name": "convex-lite" .* Found "shop"\. .* Change it back/);
  });
});
