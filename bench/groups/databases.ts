import type { ClientMessage } from "../../lib/protocol/client-message.ts";
import type { Bench, Group } from "../bench.ts";
import type { Database } from "../databases.ts";
import { messageIn } from "../functions/conversation.ts";
import { LoadSocket } from "../load/load-socket.ts";
import { PONG } from "../load/speech.ts";
import { median, type Row, ratioAtLeast, row, valueAtMost } from "../report/row.ts";
import type { Measurement } from "../server/throughput.ts";
import { type Server, throughput } from "../server-process.ts";

const ROUNDS = 9;
/** Milliseconds. Rounds are short, so that other load on the machine affects both sides alike. */
const ROUND = 500;
const MUTATIONS_PER_SECOND = 500;
const PING_SECONDS = 8;
/** Milliseconds: a client may send 50 messages a second. */
const BETWEEN_PINGS = 25;
const PING = JSON.stringify({ type: "Ping" } satisfies ClientMessage);

/** The throughput of databases through the engine, and the delay that the embedded database causes in the event loop. */
export const databases: Group = async (bench) => {
  const rows: Row[] = [];
  for (const database of bench.databases.all) rows.push(...(await onDatabase(bench, database)));
  return [...rows, await pings(bench)];
};

async function onDatabase(bench: Bench, database: Database): Promise<Row[]> {
  const server = await bench.startProgram(throughput, database);
  const compare = async (what: Measurement["what"]) => {
    const figures: Record<Measurement["through"], number[]> = { engine: [], driver: [] };
    for (let round = -1; round < ROUNDS; round++) {
      for (const through of ["engine", "driver"] as const) {
        const figure = await server.measure({ what, through, milliseconds: ROUND });
        // The first round is a warm-up.
        if (round >= 0) figures[through].push(figure);
      }
    }
    return { value: median(figures.engine), baseline: median(figures.driver), unit: "/s" };
  };
  const named = (what: string) => `${what} (${database.name})`;
  const rows = [
    row({ name: named("mutations through the engine"), ...(await compare("mutations")) }, ratioAtLeast(0.5)),
    row({ name: named("queries of 50 rows through the engine"), ...(await compare("queries")) }, ratioAtLeast(0.6)),
  ];
  await bench.stopAll();
  return rows;
}

/** The time until a socket is answered while the embedded database writes, which it does in its own thread. */
async function pings(bench: Bench): Promise<Row> {
  const server = await bench.start("live", bench.databases.embedded);
  const pingers = await Promise.all(Array.from({ length: 4 }, () => Pinger.connect(server)));
  const ping = async () => (await Promise.all(pingers.map((pinger) => pinger.during(PING_SECONDS)))).flat();
  const quiet = await ping();
  const writers = await Promise.all(Array.from({ length: 20 }, () => Writer.connect(server)));
  const stop = paced(MUTATIONS_PER_SECOND, (i) => writers[i % writers.length]?.send());
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = answeredBy(writers);
  const began = performance.now();
  const busy = await ping();
  const perSecond = (answeredBy(writers) - before) / ((performance.now() - began) / 1000);
  stop();
  bench.note(`${Math.round(perSecond)} mutations a second were answered meanwhile`);
  await bench.stopAll();
  return row(
    {
      name: `socket ping p99 while ${Math.round(perSecond)} mutations/s are written (embedded)`,
      value: p99(busy),
      baseline: p99(quiet),
      unit: "ms",
    },
    valueAtMost(50, "ms"),
  );
}

function p99(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}

/** Calls `act` at this rate, also when answers are late: the timer's next turn makes up for missed calls. */
function paced(perSecond: number, act: (i: number) => void): () => void {
  const began = performance.now();
  let done = 0;
  const timer = setInterval(() => {
    for (const due = ((performance.now() - began) / 1000) * perSecond; done < due; done++) act(done);
  }, 5);
  return () => clearInterval(timer);
}

/** A socket that sends `Ping` repeatedly and waits for each `Pong`. */
class Pinger {
  readonly #socket: LoadSocket;
  readonly #heard: { resolve(): void };

  private constructor(socket: LoadSocket, heard: { resolve(): void }) {
    this.#socket = socket;
    this.#heard = heard;
  }

  static async connect({ port, speech }: Server): Promise<Pinger> {
    const heard = { resolve: () => {} };
    const socket = await LoadSocket.open({ port, path: speech.path }, (payload) => {
      if (payload.includes('"Pong"')) heard.resolve();
    });
    socket.say(...speech.introduce());
    return new Pinger(socket, heard);
  }

  /** @returns the time until each answer, in milliseconds. */
  async during(seconds: number): Promise<number[]> {
    const times: number[] = [];
    for (const until = performance.now() + seconds * 1_000; performance.now() < until; ) {
      const asked = performance.now();
      await new Promise<void>((resolve) => {
        this.#heard.resolve = resolve;
        this.#socket.say(PING);
      });
      times.push(performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_PINGS));
    }
    return times;
  }
}

/** A client that calls mutations without waiting for the answers. */
class Writer {
  answered = 0;
  #sent = 0;
  readonly #server: Server;
  #socket: LoadSocket | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async connect(server: Server): Promise<Writer> {
    const { port, speech } = server;
    const writer = new Writer(server);
    writer.#socket = await LoadSocket.open({ port, path: speech.path }, (payload, socket) => {
      const kind = speech.kindOf(payload);
      if (kind === "ping") socket.say(PONG);
      else if (kind === "done") writer.answered++;
      else if (kind === "failed") throw new Error(`A mutation failed: ${payload.toString()}`);
    });
    writer.#socket.say(...speech.introduce());
    return writer;
  }

  send(): void {
    // The server closes a socket with more than 64 queued mutations.
    if (this.#sent - this.answered >= 60) return;
    this.#socket?.say(this.#server.speech.send(++this.#sent, messageIn("written")));
  }
}

function answeredBy(writers: readonly Writer[]): number {
  return writers.reduce((sum, { answered }) => sum + answered, 0);
}
