import { expect, test } from "vitest";
import { describeConnection } from "./describe-connection";

const open = { state: "open", hasEverConnected: true, pendingMutations: 0 } as const;

test("an open connection is live, whatever the browser thinks of the network", () => {
  expect(describeConnection(open, false).text).toBe("Live");
});

test("what is being sent over an open connection does not wait for it", () => {
  expect(describeConnection({ ...open, pendingMutations: 2 }, true).waiting).toBe(0);
});

test("the first attempt connects, the next ones reconnect", () => {
  expect(describeConnection({ ...open, state: "connecting", hasEverConnected: false }, true).text).toBe("Connecting");
  expect(describeConnection({ ...open, state: "connecting" }, true).text).toBe("Reconnecting");
});

test("waiting tells when the next attempt is due and how much waits", () => {
  const waiting = { ...open, state: "waiting", retryAt: 5000, pendingMutations: 2 } as const;
  expect(describeConnection(waiting, true)).toEqual({
    tone: "waiting",
    text: "Reconnecting",
    retryAt: 5000,
    waiting: 2,
  });
});

test("without a network there is no countdown: nothing is going to happen by itself", () => {
  const waiting = { ...open, state: "waiting", retryAt: 5000 } as const;
  expect(describeConnection(waiting, false)).toEqual({ tone: "waiting", text: "Offline", waiting: 0 });
});
