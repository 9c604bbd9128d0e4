import { expect, test } from "vitest";
import { HandClock } from "../../testing/hand-clock.ts";
import { defaultLimits } from "../run/limits.ts";
import { MessageBudget } from "../run/message-budget.ts";
import { Intake } from "./intake.ts";

/** A client that has no calls here, beside others whose calls weigh more than the server may keep. */
function besideHeavyCalls() {
  const clock = new HandClock();
  const messageBudget = new MessageBudget(100);
  messageBudget.take(101);
  const client = { taken: [] as number[], isPaused: false, closedWith: undefined as number | undefined };
  const socket = {
    pause() {
      client.isPaused = true;
    },
    resume() {
      client.isPaused = false;
    },
  };
  const intake = new Intake({ environment: clock, limits: defaultLimits, messageBudget }, socket as never, {
    take: (text) => client.taken.push(text.length),
    keptWeight: () => 0,
    failed: (error) => {
      throw error;
    },
    close: (code) => {
      client.closedWith = code;
    },
  });
  return { clock, client, intake, othersEnd: () => messageBudget.release(60) };
}

const small = "x".repeat(16 * 1024);
const large = `${small}x`;

test("small messages are read whatever the calls of others weigh", () => {
  const { client, intake } = besideHeavyCalls();
  intake.message(small);
  expect(client).toMatchObject({ taken: [small.length], isPaused: false });
});

test("a large message, and what follows it, is read once the calls of others have ended, however long that takes", () => {
  const { clock, client, intake, othersEnd } = besideHeavyCalls();
  intake.message(large);
  intake.message(small);
  clock.advance(10 * defaultLimits.heldTimeoutMs);
  expect(client).toEqual({ taken: [], isPaused: true, closedWith: undefined });
  othersEnd();
  expect(client).toEqual({ taken: [large.length, small.length], isPaused: false, closedWith: undefined });
});
