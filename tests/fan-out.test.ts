import { expect, onTestFinished, test } from "vitest";
import { startSmallServer } from "./faults/small-server.ts";
import { patience } from "./support/patience.ts";
import { RawSocket } from "./support/raw-socket.ts";

const CLIENTS = 1_000;
const tea = { room: "tea" };

test("a commit that a thousand sockets watch costs one run, one serialisation and a thousand sends", async () => {
  // No ping is sent on the way: every send counts.
  await using server = await startSmallServer({ limits: { pingIntervalMs: patience.test } });
  const { engine } = server;
  const watching = async (_: unknown, i: number): Promise<RawSocket> => {
    const socket = await RawSocket.open(server.host);
    onTestFinished(() => socket.socket.terminate());
    return socket.connect(i).say({ type: "Subscribe", queries: [{ query: 1, path: "notes:list", args: tea }] });
  };
  const sockets = await Promise.all(Array.from({ length: CLIENTS }, watching));
  const told = (times: number) =>
    Promise.all(sockets.map((socket) => socket.until(() => socket.transitions.length === times)));
  await told(1);
  const before = { ...engine.counters };
  const args = { ...tea, text: "to all of you" };
  expect(await engine.call({ kind: "mutation", path: "notes:add", args, caller: null })).toMatchObject({ ok: true });
  await told(2);

  expect(engine.counters.queryRuns - before.queryRuns).toBe(1);
  expect(engine.counters.serialisations - before.serialisations).toBe(1);
  expect(engine.counters.sends - before.sends).toBe(CLIENTS);
  const last = sockets.map((socket) => socket.transitions[1]);
  expect(new Set(last).size).toBe(1);
  expect(last[0]).toContain("to all of you");
});
