import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectOfTests } from "../support/compile.ts";
import { Editor } from "../support/editor.ts";

let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open(projectOfTests);
});
afterAll(() => editor?.[Symbol.asyncDispose]());

describe("in an editor", () => {
  test.each<[from: string, expression: string, path: string, line: string]>([
    ["app/messages.tsx", "useMutation(api.messages.send", "convex/messages.ts", "export const send = mutation({"],
    [
      "app/messages.tsx",
      "Preloaded<typeof api.messages.listByChannel",
      "convex/messages.ts",
      "export const listByChannel = query({",
    ],
    [
      "app/page.tsx",
      "preloadQuery(api.messages.listByChannel",
      "convex/messages.ts",
      "export const listByChannel = query({",
    ],
    ["app/page.tsx", "fetchQuery(api.channels.list", "convex/channels.ts", "export const list = query({"],
  ])("go to definition leads from %s, %s, to the function's own line", async (from, expression, path, line) => {
    expect(await editor.definition(from, expression)).toEqual([{ path, line }]);
  });

  test("a word of a reference that is a file leads to that file", async () => {
    const [place] = await editor.definition("convex/_generated/api.ts", 'import("../messages"');
    expect(place?.path).toBe("convex/messages.ts");
  });

  test("hovering over a function shows its arguments and its result", async () => {
    const shown = await editor.hover("app/page.tsx", "preloadQuery(api.messages.listByChannel");
    expect(shown).toContain("listByChannel");
    expect(shown).toContain("channel: string");
    expect(shown).toContain("createdAt: Date");
    expect(shown).toContain('"query"');
  });

  test.each([
    ["query", "export const list = query", "Defines a query"],
    ["mutation", "export const create = mutation", "Defines a mutation"],
  ])("hovering over %s shows its documentation, with an example", async (_, expression, words) => {
    const shown = await editor.hover("convex/channels.ts", expression);
    expect(shown).toContain(words);
    expect(shown).toContain("@example");
  });

  test("hovering over a hook shows its documentation, with an example", async () => {
    const shown = await editor.hover("app/messages.tsx", "useMutation");
    expect(shown).toContain("A function that runs a mutation");
    expect(shown).toContain("@example");
  });

  test("hovering over what a hook answers shows the rows", async () => {
    const shown = await editor.hover("app/messages.tsx", "const { data");
    expect(shown).toContain("createdAt: Date");
  });
});
