import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import { RawSocket } from "../support/raw-socket.ts";
import { silent } from "../support/silent.ts";
import { BAD_FRAMES, BAD_REQUESTS } from "./bad-input.ts";
import { type SmallServer, startSmallServer } from "./small-server.ts";
import { until } from "./until.ts";

/** Characters of an answer to bad input, which may not repeat all that was sent. */
const LONGEST_ANSWER = 2_000;
const TELLTALE = /\bat .+:\d+:\d+|node_modules|\.ts:\d|select |insert |nowhere|invalid byte|pg_|Drizzle/i;

describe("bad input", () => {
  let server: SmallServer;
  let bystander: ConvexClient;
  let shown: number | undefined;
  let notes = 0;

  beforeAll(async () => {
    server = await startSmallServer();
    bystander = new ConvexClient(`http://${server.host}`, { logger: silent });
    bystander.watchQuery("notes:total", {}, ({ data }) => {
      shown = data as number;
    });
    await until(() => shown === 0);
  });

  afterAll(async () => {
    await bystander?.close();
    await server?.[Symbol.asyncDispose]();
  });

  /** The server runs, and a client that sent nothing bad is not affected. */
  const othersAreServed = async () => {
    await bystander.mutation("notes:add", { room: "well behaved", text: "hello" });
    notes++;
    expect(shown).toBe(notes);
    expect(bystander.connectionState().state).toBe("open");
    await until(() => server.sockets.count === 1);
  };

  test("there are 45 kinds of it and more", () => {
    expect(BAD_FRAMES.length + BAD_REQUESTS.length).toBeGreaterThan(45);
    expect(BAD_FRAMES.length).toBeGreaterThanOrEqual(45);
  });

  test.each(BAD_FRAMES)("over the socket: $name", async ({ frames, answer }) => {
    const raw = await RawSocket.open(server.host);
    for (const frame of frames) raw.socket.send(frame);
    if ("code" in answer) {
      const { code, reason } = await raw.closed;
      expect(code).toBe(answer.code);
      expect(reason).not.toMatch(TELLTALE);
    } else {
      await raw.until(() => raw.heard(answer.type) !== undefined);
      const answered = raw.heard(answer.type) ?? "";
      expect(answered).toContain('"kind":');
      expect(answered.length).toBeLessThan(LONGEST_ANSWER);
      expect(answered).not.toMatch(TELLTALE);
      raw.socket.close();
      await raw.closed;
    }
    await othersAreServed();
  });

  test.each(BAD_REQUESTS)("over HTTP: $name", async ({ path, body, headers, method = "POST", status }) => {
    const response = await fetch(`http://${server.host}/api/convex/${path}`, {
      method,
      headers: headers ?? { "content-type": "application/json" },
      ...(method === "POST" && { body }),
    });
    const answered = await response.text();
    expect(response.status).toBe(status);
    expect(JSON.parse(answered)).toMatchObject({ ok: false, error: { kind: expect.any(String) } });
    expect(answered.length).toBeLessThan(LONGEST_ANSWER);
    expect(answered).not.toMatch(TELLTALE);
    await othersAreServed();
  });

  test("leaves nothing open", async () => {
    await othersAreServed();
    const handles = () => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
    // The bystander's two ends; `fetch` closes its own after a while.
    await until(() => handles() <= 4);
    expect(server.sockets.count).toBe(1);
  });
});

test("a client that reads nothing is disconnected, and others go on", async () => {
  // `dropAfterMs` of 30 s takes 1.5 s here. The patient limits keep their real time: none is exceeded meanwhile.
  await using server = await startSmallServer({ timeIsFaster: 20 });
  const slow = (await RawSocket.open(server.host)).connect(1);
  // More than the system's socket buffers hold: about ten megabytes.
  const rooms = ["a", "b", "c", "d"];
  const queries = rooms.map((room, i) => ({ query: i + 1, path: "notes:list", args: { room } }));
  slow.say({ type: "Subscribe", queries });
  await slow.until(() => slow.heard("Connected") !== undefined);
  slow.socket.pause();

  const writer = new ConvexClient(`http://${server.host}`, { logger: silent });
  let total: unknown;
  writer.watchQuery("notes:total", {}, ({ data }) => {
    total = data;
  });
  await until(() => total === 0);
  const text = "x".repeat(400_000);
  let sent = 0;
  while (server.sockets.count === 2 && sent < rooms.length * 15) {
    await writer.mutation("notes:add", { room: rooms[sent % rooms.length] ?? "", text: `${text}${sent}` });
    expect(total).toBe(++sent);
  }
  await until(() => server.sockets.count === 1);
  expect(writer.connectionState().state).toBe("open");
  slow.socket.resume();
  expect([4430, 1006]).toContain((await slow.closed).code);
  await writer.close();
});
