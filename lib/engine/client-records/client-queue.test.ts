import { expect, test } from "vitest";
import { turn } from "../../../tests/support/pauses.ts";
import { Callers } from "../../auth/caller.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { MessageBudget } from "../run/message-budget.ts";
import { ClientQueue, type QueueListener } from "./client-queue.ts";
import type { Mutations } from "./mutations.ts";

test("mutations that arrive while another one ends run one after the other, and none takes room at the end", async () => {
  const [begun, ended]: number[][] = [[], []];
  let running = 0;
  let mostAtOnce = 0;
  const mutations = {
    async apply(_client: unknown, { number }: { number: number }) {
      mostAtOnce = Math.max(mostAtOnce, ++running);
      begun?.push(number);
      await turn();
      running--;
      return { outcome: "{}", revision: undefined };
    },
  } as unknown as Mutations;
  const messageBudget = new MessageBudget(1_000);
  const parts = { environment: new HandClock(), messageBudget, mutations, idle() {} };
  const queue = new ClientQueue("a", new Callers("secret").of(null), parts);
  const submit = (number: number) => queue.submit({ number, path: "a:b", args: {}, confirmedUpTo: 0, weight: 10 });
  const listener: QueueListener = {
    committed() {},
    decided: (number) => ended?.push(number),
    // As a connection that was not read goes on with what has arrived.
    ended() {
      const next = (begun?.length ?? 0) + queue.pending + 1;
      if (next <= 6) submit(next);
    },
    takenOver() {},
    notRecorded() {},
  };
  queue.attach(listener);
  for (const number of [1, 2]) submit(number);
  for (let turns = 0; turns < 50; turns++) await turn();
  expect([begun, ended]).toEqual([
    [1, 2, 3, 4, 5, 6],
    [1, 2, 3, 4, 5, 6],
  ]);
  expect(mostAtOnce).toBe(1);
  expect([queue.pendingWeight, messageBudget.isSpent]).toEqual([0, false]);
});
