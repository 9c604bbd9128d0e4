import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import { silent } from "../support/silent.ts";
import { BrokenLine } from "./broken-line.ts";
import type { Note } from "./crowd.ts";
import { type SmallServer, startSmallServer } from "./small-server.ts";
import { until } from "./until.ts";

/** The server states them in Connected, and the client keeps to them. Longer than a pause of a busy machine. */
const LIMITS = { pingIntervalMs: 300, silenceTimeoutMs: 3_000 };

describe("a line that breaks", () => {
  let server: SmallServer;
  let line: BrokenLine;
  let writer: Watching;
  let reader: Watching;
  let room = 0;

  beforeAll(async () => {
    server = await startSmallServer({ limits: LIMITS });
  });

  beforeEach(async () => {
    line = await BrokenLine.to(server.port);
    room++;
    writer = new Watching(line.url, String(room));
    // Is connected directly: the broken line does not concern it.
    reader = new Watching(`http://${server.host}`, String(room));
    for (const { client } of [writer, reader]) await until(() => client.connectionState().state === "open");
    await add("before");
  });

  afterEach(async () => {
    for (const watching of [writer, reader]) await watching?.client.close();
    await line?.[Symbol.asyncDispose]();
    await until(() => server.sockets.count === 0);
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  const add = (text: string) => writer.client.mutation("notes:add", { room: String(room), text });

  /** Both clients show these texts, each once, and so does the database. */
  const isThereOnce = async (...texts: string[]) => {
    await until(() => [writer, reader].every(({ shown }) => shown.join() === texts.join()));
    expect([writer.doubled, reader.doubled]).toEqual([[], []]);
    const stored = await reader.client.query("notes:list", { room: String(room) });
    expect((stored as Note[]).map(({ text }) => text)).toEqual(texts);
  };

  test.each(["MutationSucceeded", '"reflected"'])(
    "between the commit and %s: the mutation is done once, and mutate() resolves",
    async (said) => {
      line.cutBefore(said);
      const called = add("cut");
      await until(() => line.cuts === 1);
      // It is committed, and the others know; the caller does not.
      await until(() => reader.shown.includes("cut"));
      expect(await called).toBe("cut");
      expect(writer.shown).toEqual(["before", "cut"]);
      await add("after");
      await isThereOnce("before", "cut", "after");
    },
  );

  test.each(["everything", "what the server says"] as const)(
    "without a word, and swallows %s: both ends notice, and nothing is done twice",
    async (what) => {
      const states: string[] = [];
      writer.client.subscribeToConnectionState(() => states.push(writer.client.connectionState().state));
      line.swallow(what);
      writer.said.length = 0;
      const called = add("into the void");
      await until(() => states.some((state) => state !== "open"));
      // The client sent a Ping before it gave the connection up.
      expect(writer.said).toContain('{"type":"Ping"}');
      expect(await called).toBe("into the void");
      await isThereOnce("before", "into the void");
      // The server has closed its socket, though the client was not told.
      await until(() => line.hungUp);
      await add("after");
      await isThereOnce("before", "into the void", "after");
    },
  );
});

/** A real client over a real socket, and what it shows of one room. */
class Watching {
  readonly client: ConvexClient;
  /** What it has sent, whether or not it arrived. */
  readonly said: string[] = [];
  shown: string[] = [];
  /** Notes that it has shown twice at one time. */
  readonly doubled: string[] = [];

  constructor(url: string, room: string) {
    const { said } = this;
    class Overheard extends WebSocket {
      override send(text: string): void {
        said.push(text);
        super.send(text);
      }
    }
    this.client = new ConvexClient(url, { logger: silent, webSocketConstructor: Overheard as never });
    this.client.watchQuery("notes:list", { room }, ({ data }) => {
      this.shown = ((data as Note[] | undefined) ?? []).map(({ text }) => text);
      this.doubled.push(...this.shown.filter((text, i) => this.shown.indexOf(text) !== i));
    });
  }
}
