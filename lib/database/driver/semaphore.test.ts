import { expect, test } from "vitest";
import { Semaphore } from "./semaphore.ts";

const late = () => new Error("too late");

test("places are given one at a time, in the order in which they were asked for", async () => {
  const turns = new Semaphore();
  const order: number[] = [];
  const take = async (n: number): Promise<() => void> => {
    const end = await turns.take(1_000, late);
    order.push(n);
    return end;
  };
  const end1 = await take(1);
  const [second, third] = [take(2), take(3)];
  await Promise.resolve();
  expect(order).toEqual([1]);
  end1();
  end1();
  const end2 = await second;
  expect(order).toEqual([1, 2]);
  end2();
  (await third)();
  expect(order).toEqual([1, 2, 3]);
});

test("a caller that waited too long fails, and those behind it still get a place", async () => {
  const turns = new Semaphore();
  const end = await turns.take(1_000, late);
  const impatient = turns.take(1, late);
  const patient = turns.take(1_000, late);
  await expect(impatient).rejects.toThrow("too late");
  end();
  (await patient)();
  (await turns.take(1, late))();
});

test("all that wait can be rejected at once", async () => {
  const turns = new Semaphore();
  await turns.take(1_000, late);
  const waiting = [turns.take(1_000, late), turns.take(1_000, late)];
  turns.refuseAll(new Error("closed"));
  for (const each of waiting) await expect(each).rejects.toThrow("closed");
});
