import { expect, test } from "vitest";
import { type Release, Slots } from "./slots.ts";

test("all clients together, and each address, hold no more than they may", () => {
  const slots = new Slots(3, 2);
  const first = slots.take("ada") as Release;
  slots.take("ada");
  expect(slots.take("ada")).toBe("addressFull");
  const other = slots.take(undefined) as Release;
  expect(slots.take("bob")).toBe("full");
  first();
  // A second call gives nothing back.
  first();
  expect(slots.take("bob")).toBeTypeOf("function");
  expect(slots.take("bob")).toBe("full");
  other();
  expect(slots.take("ada")).toBeTypeOf("function");
  expect(slots.take("ada")).toBe("addressFull");
});
