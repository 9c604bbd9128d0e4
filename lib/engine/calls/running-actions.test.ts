import fc from "fast-check";
import { expect, test } from "vitest";
import { defaultLimits } from "../run/limits.ts";
import { type RunningAction, RunningActions } from "./running-actions.ts";

test("whatever begins and ends, no bound is passed, and nothing is refused within the bounds", () => {
  const limits = { ...defaultLimits, serverActions: 6, functionActions: 3, addressActions: 2 };
  const step = fc.record({
    path: fc.constantFrom("a:a", "a:b", "a:c"),
    address: fc.constantFrom(undefined, "::1", "::2", "__proto__"),
    /** Which of those that run ends before it; of none, if there are fewer. */
    ends: fc.option(fc.nat(8)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const actions = new RunningActions(limits);
      const running: { path: string; address: string | undefined; action: RunningAction }[] = [];
      for (const { path, address, ends } of steps) {
        for (const { action } of ends === null ? [] : running.splice(ends, 1)) action.ended();
        const ofAddress = running.filter((one) => address !== undefined && one.address === address).length;
        const ofFunction = running.filter((one) => one.path === path).length;
        if (running.length < 6 && ofFunction < 3 && ofAddress < 2) {
          running.push({ path, address, action: actions.begin(path, { address }) });
        } else expect(() => actions.begin(path, { address })).toThrow(/at a time/);
      }
      actions.tellAllToStop("The server stops.");
      expect(running.filter(({ action }) => !action.signal.aborted)).toEqual([]);
    }),
  );
});
