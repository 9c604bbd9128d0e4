import { expect, test } from "vitest";
import { HandClock } from "../../testing/hand-clock.ts";
import { defaultLimits } from "../run/limits.ts";
import { LongWork } from "../run/long-work.ts";
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
  const intake = new Intake(
    { environment: clock, limits: defaultLimits, longWork: new LongWork(clock), messageBudget },
    socket as never,
    {
      take: (text) => client.taken.push(text.length),
      keptWeight: () => 0,
      failed: (error) => {
        throw error;
      },
      close: (code) => {
        client.closedWith = code;
      },
    },
  );
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

test("long messages are read one at a time, with pauses in which short ones are read, and none is lost", async () => {
  const clock = new HandClock();
  const longWork = new LongWork(clock);
  const taken: string[] = [];
  const socketOf = () => {
    const socket = {
      isPaused: false,
      pause() {
        socket.isPaused = true;
      },
      resume() {
        socket.isPaused = false;
      },
    };
    const parts = { environment: clock, limits: defaultLimits, longWork, messageBudget: new MessageBudget(1e9) };
    const intake = new Intake(parts, socket as never, {
      take: (text) => {
        taken.push(text[0] as string);
        if (text.length > 1_000) clock.jump(10);
        return text.length;
      },
      keptWeight: () => 0,
      failed: (error) => {
        throw error;
      },
      close: () => {},
    });
    return { socket, intake };
  };
  const [a, b, c] = [socketOf(), socketOf(), socketOf()];
  a.intake.message("A".repeat(100_000));
  b.intake.message("B".repeat(100_000));
  b.intake.message("D".repeat(100_000));
  a.intake.message("E".repeat(100_000));
  c.intake.message("c");
  expect(taken.join("")).toBe("Ac");
  expect([a, b, c].map(({ socket }) => socket.isPaused)).toEqual([true, true, false]);
  clock.advance(90);
  c.intake.message("c");
  expect(taken.join("")).toBe("AcBc");
  clock.advance(400);
  expect(taken.join("")).toBe("AcBcED");
  expect([a, b, c].map(({ socket }) => socket.isPaused)).toEqual([false, false, false]);
  expect(clock.waiting).toBe(0);
});
