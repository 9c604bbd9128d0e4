import { expect, test } from "vitest";
import { describeConnection } from "./describe-connection";

const open = { state: "open", hasEverConnected: true, pendingMutations: 0 } as const;

test("an open connection is live, even if the browser reports no network", () => {
  expect(describeConnection(open, false).text).toBe("Live");
});

test("changes that are sent over an open connection do not count as waiting", () => {
  expect(describeConnection({ ...open, pendingMutations: 2 }, true).waiting).toBe(0);
});

test("the first attempt is called connecting, later ones reconnecting", () => {
  expect(describeConnection({ ...open, state: "connecting", hasEverConnected: false }, true).text).toBe("Connecting");
  expect(describeConnection({ ...open, state: "connecting" }, true).text).toBe("Reconnecting");
});

test("between attempts the description has the time of the next one and the number of waiting changes", () => {
  const waiting = { ...open, state: "waiting", retryAt: 5000, pendingMutations: 2 } as const;
  expect(describeConnection(waiting, true)).toEqual({
    tone: "waiting",
    text: "Reconnecting",
    retryAt: 5000,
    waiting: 2,
  });
});

test("without a network there is no countdown, because no attempt can succeed", () => {
  const waiting = { ...open, state: "waiting", retryAt: 5000 } as const;
  expect(describeConnection(waiting, false)).toEqual({ tone: "waiting", text: "Offline", waiting: 0 });
});
