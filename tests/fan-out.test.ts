import { once } from "node:events";
import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import * as messages from "../convex/messages.ts";
import * as schema from "../convex/schema.ts";
import { openTemporaryDatabase } from "../lib/database/temporary-database.ts";
import { createEngine } from "../lib/engine/engine.ts";
import { machineEnvironment } from "../lib/environment/environment.ts";
import { acceptSockets } from "../lib/node/http/accept-sockets.ts";
import type { ServerMessage, Transition } from "../lib/protocol/server-message.ts";
import { createTables } from "../lib/schema/create-tables.ts";
import { patience, patientLimits } from "./support/patience.ts";

const CLIENTS = 1_000;
const log = { info() {}, warn() {}, error() {} };

test("a commit that a thousand sockets watch costs one run, one serialisation and a thousand sends", async () => {
  const driver = await openTemporaryDatabase({ schema });
  await createTables(driver, schema);
  onTestFinished(() => driver.close());
  // No ping is sent on the way: every send counts.
  const limits = { ...patientLimits, pingIntervalMs: patience.test };
  const engine = createEngine({ driver, environment: machineEnvironment(log), development: false, limits });
  onTestFinished(() => engine.close());
  engine.useFunctions({ messages }, schema);
  const sockets = acceptSockets({ engine, identify: () => null, log, trustProxy: false });
  const server = createServer().on("upgrade", (request, connection, head) => {
    sockets.accept(request, connection, head);
  });
  onTestFinished(() => void server.close().closeAllConnections());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };

  const listeners = await Promise.all(Array.from({ length: CLIENTS }, (_, i) => Listener.connect(port, i)));
  await Promise.all(listeners.map((listener) => listener.heard(1)));
  const before = { ...engine.counters };
  const args = { channel: "general", author: "Ada", text: "to all of you" };
  expect(await engine.call({ kind: "mutation", path: "messages:send", args, caller: null })).toMatchObject({
    ok: true,
  });
  const last = await Promise.all(listeners.map((listener) => listener.heard(2)));

  expect(engine.counters.queryRuns - before.queryRuns).toBe(1);
  expect(engine.counters.serialisations - before.serialisations).toBe(1);
  expect(engine.counters.sends - before.sends).toBe(CLIENTS);
  expect(new Set(last).size).toBe(1);
  expect(last[0]).toContain("to all of you");
});

/** A socket that watches the one query and keeps the transitions that it receives. */
class Listener {
  readonly #transitions: string[] = [];
  #wake: () => void = () => {};

  private constructor(socket: WebSocket) {
    socket.on("message", (data) => {
      const text = data.toString();
      if ((JSON.parse(text) as ServerMessage).type !== ("Transition" satisfies Transition["type"])) return;
      this.#transitions.push(text);
      this.#wake();
    });
  }

  static async connect(port: number, i: number): Promise<Listener> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/sync`);
    const listener = new Listener(socket);
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "Connect", protocol: 2, clientId: i.toString(16).padStart(32, "0") }));
    const queries = [{ query: 1, path: "messages:listByChannel", args: { channel: "general" } }];
    socket.send(JSON.stringify({ type: "Subscribe", queries }));
    return listener;
  }

  /** The last of so many transitions, as text. */
  async heard(count: number): Promise<string> {
    while (this.#transitions.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#transitions[count - 1] as string;
  }
}
