import { describe, expect, test } from "vitest";
import { editPackageJson } from "../../lib/cli/init/edits/package-json.ts";
import { functions, messages, page } from "../../lib/cli/init/templates/chat.ts";
import { drizzleConfig } from "../../lib/cli/init/templates/project.ts";
import { schemas } from "../../lib/cli/init/templates/schema.ts";
import { docsPages, readPage } from "./pages.ts";

describe("documents show what init writes", () => {
  test.each([
    ["docs/getting-started.md", "convex/schema.ts", schemas.pg],
    ["docs/getting-started.md", "convex/messages.ts", functions],
    ["docs/getting-started.md", "app/chat/page.tsx", page("../..")],
    ["docs/getting-started.md", "app/chat/messages.tsx", messages("../..", "ts")],
    ["docs/api/drizzle-kit.md", "drizzle.config.ts", drizzleConfig],
  ])("%s: %s", (path, file, text) => {
    const shown = readPage(path).blocks.find((block) => block.file === file);
    expect(shown?.text).toBe(`// ${file}\n${text}`);
  });

  test("and run no other scripts", () => {
    const { text } = editPackageJson("{}", { dependencies: {}, devDependencies: {} });
    const { scripts } = JSON.parse(text);
    const named = docsPages().flatMap((document) =>
      [...document.text.matchAll(/\b(?:npm|bun) run ([\w:-]+)|\bnpm (start|test)\b/g)].map(
        ([, run, short]) => run ?? short,
      ),
    );
    expect([...new Set(named)].filter((name) => name === undefined || !(name in scripts))).toEqual([]);
  });
});
