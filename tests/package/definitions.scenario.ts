import { realpathSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Editor } from "../support/editor.ts";
import { Consumer, managers } from "./consumer.ts";

describe.each(managers)("in an editor, installed by %s, go to definition", (manager) => {
  const consumer = new Consumer(inject("consumers"), manager);
  let editor: Editor | undefined;
  beforeAll(async () => {
    consumer.beginWith("pglite");
    consumer.exec("convex-lite", "codegen");
    editor = await Editor.open(realpathSync(consumer.folder));
  });
  afterAll(() => editor?.[Symbol.asyncDispose]());

  test("leads from a reference to the function's own line", async () => {
    const places = await editor?.definition("app/messages.tsx", "useMutation(api.messages.send");
    expect(places).toEqual([{ path: "convex/messages.ts", line: "export const send = mutation({" }]);
  });

  test("leads from a hook to its source", async () => {
    const [place] = (await editor?.definition("app/messages.tsx", "= usePreloadedQuery")) ?? [];
    expect(place?.path).toMatch(/node_modules\/convex-lite\/lib\/react\/use-preloaded-query\.ts$/);
    expect(place?.line).toContain("export function usePreloadedQuery");
  });
});
