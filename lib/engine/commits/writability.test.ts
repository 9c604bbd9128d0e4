import { expect, test } from "vitest";
import { EngineScene } from "../../../tests/support/engine-scene.ts";
import { createFunctions } from "../../functions/define.ts";

const { mutation } = createFunctions<Record<string, never>>();

test("a mutation that finds the disk full makes the engine say so, once in the log, until one succeeds", async () => {
  let failure: Error | undefined;
  const write = mutation({
    handler: async () => {
      if (failure) throw failure;
    },
  });
  await using scene = new EngineScene({ notes: { write } });
  const call = () => scene.engine.call({ kind: "mutation", path: "notes:write", args: {}, caller: null });
  const said = () =>
    scene.clock.lines.map(({ message }) => message).filter((line) => /takes writes|Mutations fail/.test(line));
  await call();
  expect(scene.engine.unwritable).toBeUndefined();
  const full = Object.assign(new Error("could not extend file"), { code: "53100" });
  failure = new Error("Failed query", { cause: full });
  for (let i = 0; i < 3; i++) await call();
  expect(scene.engine.unwritable).toBe("the disk is full");
  expect(said()).toEqual([expect.stringContaining("the disk is full")]);
  // A mutation that fails by itself says nothing about the disk.
  failure = new Error("no such note");
  await call();
  expect(scene.engine.unwritable).toBe("the disk is full");
  failure = undefined;
  await call();
  expect(scene.engine.unwritable).toBeUndefined();
  expect(said()).toHaveLength(2);
});
