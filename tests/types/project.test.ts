import { join } from "node:path";
import { expect, test } from "vitest";
import { compareApi } from "../../lib/node/loading/generate-api.ts";
import { projectOfTests } from "../support/compile.ts";

test("the references in the project of the tests are those that codegen writes", () => {
  expect(compareApi(join(projectOfTests, "convex")).upToDate).toBe(true);
});
