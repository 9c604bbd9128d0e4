import { expect, test } from "vitest";
import { compile, projectOfTests, runCompiler } from "../support/compile.ts";

test("what the types promise holds, and what they refuse does not compile", async () => {
  expect(await runCompiler(projectOfTests, "--noEmit")).toEqual([]);
});

test("a promise that does not hold is found", async () => {
  const broken = `import type { FunctionArgs } from "convex-lite/react";
import { expectTypeOf } from "vitest";
import { api } from "@/convex/_generated/api";
expectTypeOf<FunctionArgs<typeof api.messages.listByChannel>>().toEqualTypeOf<{ channel: number }>();
// @ts-expect-error this is no mistake
export const address = api.messages.listByChannel;
`;
  const found = await compile({ "broken.test-d.ts": broken });
  expect(found.filter((line) => !line.startsWith(" "))).toEqual([
    expect.stringMatching(/^broken\.test-d\.ts\(4,\d+\): error TS2344/),
    expect.stringMatching(/^broken\.test-d\.ts\(5,1\): error TS2578: Unused '@ts-expect-error'/),
  ]);
});
