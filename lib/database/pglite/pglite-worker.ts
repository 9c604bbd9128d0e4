/**
 * The worker thread of the embedded database. PGlite computes synchronously, and here it does not block the server's
 * event loop. The thread serves message ports; each is one connection that speaks PostgreSQL's wire protocol.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import { must } from "../../environment/assert.ts";
import { madeSettings } from "../postgres/session-settings.ts";
import { OWN_NAMES } from "../postgres/statement-names.ts";
import { unpackImage } from "./unpack-image.ts";
import { type MessageGroup, MessageGroups } from "./wire-messages.ts";

/** The data with which the thread is started. */
export interface PgliteWorkerData {
  directory: string;
  /** The image from which to create the directory first. */
  image: string | undefined;
}

/** A message to the thread. */
export type PgliteWorkerRequest = { type: "serve"; port: MessagePort } | { type: "discard" } | { type: "close" };

/** A message of the thread. */
export type PgliteWorkerReply =
  /** `madeSettings`: the directory has settings of values that an administrator has made. */
  | { type: "ready"; madeSettings: boolean }
  | { type: "failed"; message: string }
  | { type: "discards" }
  | { type: "closed" };

/** A connection: its port, the bytes of the group that is not complete yet, and answers that were not sent yet. */
class Served {
  readonly port: MessagePort;
  readonly groups = new MessageGroups();
  readonly answers: Uint8Array[] = [];

  constructor(port: MessagePort) {
    this.port = port;
  }

  send(): void {
    const answer = joined(this.answers.splice(0));
    if (answer.length > 0) this.port.postMessage(answer, [answer.buffer]);
  }
}

/** Runs the message groups of all connections on the one backend that PGlite has. */
class OneBackend {
  readonly #database: PGlite;
  readonly #waiting: Array<{ from: Served; group: MessageGroup }> = [];
  /** The connection with an open transaction, or in the middle of a group. All others wait until it is done. */
  #owner: Served | undefined;
  #mustDiscard = false;
  #discardsAll = false;

  constructor(database: PGlite) {
    this.#database = database;
  }

  serve(port: MessagePort): void {
    const served = new Served(port);
    port.on("message", (chunk: Uint8Array) => {
      for (const group of served.groups.push(chunk)) this.#waiting.push({ from: served, group });
      this.#work();
      if (served.groups.ended) port.close();
    });
    port.on("close", () => this.#forget(served));
  }

  /**
   * Discards what a connection that has ended may have left in the backend that all share, such as temporary tables, as
   * soon as no transaction is open.
   * @param all Also the statements that the driver's connections have named. Those of tools end in any case.
   */
  discard(all: boolean): void {
    this.#mustDiscard = true;
    this.#discardsAll ||= all;
    this.#work();
  }

  #work(): void {
    let answering: Served | undefined;
    for (;;) {
      if (this.#mustDiscard && !this.#owner) {
        this.#mustDiscard = false;
        this.#database.execProtocolRawSync(statement(this.#discardsAll ? "discard all" : discardOthers));
        this.#discardsAll = false;
      }
      const next = this.#owner ? this.#waiting.findIndex((turn) => turn.from === this.#owner) : 0;
      const [turn] = next < 0 ? [] : this.#waiting.splice(next, 1);
      if (!turn) break;
      // The answers to one connection's groups are sent as one message, before another connection's group runs.
      if (answering !== turn.from) answering?.send();
      answering = turn.from;
      this.#answer(turn.from, turn.group);
    }
    answering?.send();
  }

  /**
   * Runs a group. `execProtocolRawStream` is several times faster than the calls that return the answer, and although
   * it returns a promise it has run to its end by then. Each piece is a view into PGlite's memory, so it is copied
   * before it is transferred.
   */
  #answer(to: Served, group: MessageGroup): void {
    const done = this.#database.execProtocolRawStream(group.bytes, {
      syncToFs: false,
      onRawData: (piece) => to.answers.push(new Uint8Array(piece)),
    });
    done.catch(giveUp);
    this.#owner = group.unfinished || this.#database.isInTransaction() ? to : undefined;
  }

  #forget(gone: Served): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      if (this.#waiting[i]?.from === gone) this.#waiting.splice(i, 1);
    }
    if (this.#owner === gone) {
      this.#database.execProtocolRawSync(sync);
      this.#database.execProtocolRawSync(statement("rollback"));
      this.#owner = undefined;
    }
    this.discard(false);
  }
}

/** What `discard all` does, but for the statements that the driver's connections have named. */
const discardOthers = `close all; set session authorization default; reset all; unlisten *;
select pg_advisory_unlock_all(); discard plans; discard temp; discard sequences;
do $$ declare named text; begin
  for named in select name from pg_prepared_statements where not starts_with(name, '${OWN_NAMES}') loop
    execute format('deallocate %I', named);
  end loop;
end $$`;

/** The message Sync, which ends an unfinished group. */
const sync = Uint8Array.of("S".charCodeAt(0), 0, 0, 0, 4);

/** The message Query with this SQL. */
function statement(sql: string): Uint8Array {
  const text = Buffer.from(`${sql}\0`);
  const message = Buffer.alloc(5 + text.length);
  message.write("Q");
  message.writeInt32BE(4 + text.length, 1);
  text.copy(message, 5);
  return new Uint8Array(message);
}

function joined(pieces: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * After an error of PGlite itself its state is unknown. The error ends the thread and closes its ports; the driver
 * opens the directory again.
 */
function giveUp(error: unknown): never {
  throw error;
}

const owner = must(parentPort, "this file runs as a worker");
const say = (reply: PgliteWorkerReply): void => owner.postMessage(reply);

async function start({ directory, image }: PgliteWorkerData): Promise<void> {
  if (image !== undefined) unpackImage(image, directory);
  const database = await PGlite.create({ dataDir: directory });
  const backend = new OneBackend(database);
  owner.on("message", (request: PgliteWorkerRequest) => {
    switch (request.type) {
      case "serve":
        return backend.serve(request.port);
      case "discard":
        backend.discard(true);
        return say({ type: "discards" });
      case "close":
        void database.close().finally(() => say({ type: "closed" }));
    }
  });
  const made = await database.query(madeSettings);
  say({ type: "ready", madeSettings: made.rows.length > 0 });
}

start(workerData as PgliteWorkerData).catch((error: unknown) => {
  say({ type: "failed", message: error instanceof Error ? error.message : String(error) });
});
