import { afterEach, expect, test } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { ServerFiles } from "./server-files.ts";

let project: TemporaryProject;
afterEach(() => project?.[Symbol.dispose]());

test("a server.ts that imports references starts again when its own files change, not when the references do", async () => {
  project = new TemporaryProject({
    "server.ts": 'import "./identify.ts";',
    "identify.ts": 'export { internal } from "./convex/_generated/api.ts";',
    "convex/_generated/api.ts": "export const internal = {};",
  });
  const files = new ServerFiles(project.root);
  await files.look();
  expect(files.matters(project.path("identify.ts"))).toBe(true);
  expect(files.matters(project.path("convex/_generated/api.ts"))).toBe(false);
});
