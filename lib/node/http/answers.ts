import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import type { Environment } from "../../environment/environment.ts";

/** An answer that is known as a whole. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** Parts of a text, which are sent one after the other. */
  readonly body: readonly string[];
}

/** Milliseconds in which a client has to read an answer. */
export const MOST_READING_MS = 30_000;
/** Bytes of answers that clients have not read, of all together. */
export const MOST_UNREAD_BYTES = 128 * 1024 * 1024;
/** Characters of an answer that are written at once. */
const LARGE = 64 * 1024;
/** How much of a body that came too late for its answer is read and thrown away: bytes, and milliseconds. */
const READ_ON_BYTES = 8 * 1024 * 1024;
const READ_ON_MS = 2_000;

/**
 * Sends answers, and waits for no client without a limit: a client that has not read its answer after 30 s loses it with
 * its connection. So does the one that has been reading for the longest, while unread answers hold more than 128 MiB.
 */
export class Answers {
  readonly #clock: Pick<Environment, "after">;
  readonly #mostUnreadBytes: number;
  /** Unread answers and their bytes, the oldest first. */
  readonly #unread = new Map<ServerResponse, number>();
  #unreadBytes = 0;
  /** Resolves when the next large answer may begin. */
  #writing: Promise<void> = Promise.resolve();

  constructor(clock: Pick<Environment, "after">, mostUnreadBytes = MOST_UNREAD_BYTES) {
    this.#clock = clock;
    this.#mostUnreadBytes = mostUnreadBytes;
  }

  /** Sends an answer, unless one was begun or the client has left. The response closes when the client has it. */
  send(response: ServerResponse, answer: Answer): void {
    if (answer.body.every(({ length }) => length <= LARGE)) {
      if (this.#begin(response, answer)) this.#end(response, answer.body.join(""));
    } else this.#writing = this.#writing.then(() => this.#sendLarge(response, answer));
  }

  /** One large answer begins in each turn of the event loop. @returns when the next may begin. */
  async #sendLarge(response: ServerResponse, answer: Answer): Promise<void> {
    await setImmediate();
    if (!this.#begin(response, answer)) return;
    void writeInTurns(response, answer.body).then(() => this.#end(response));
  }

  /** @returns whether the body is to be sent. */
  #begin(response: ServerResponse, { status, headers, body }: Answer): boolean {
    if (response.headersSent || response.destroyed) return false;
    const bytes = body.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
    // The unread rest of a body would be parsed as the next request of this connection.
    if (!response.req.complete) response.setHeader("Connection", "close");
    response.writeHead(status, { ...headers, "Content-Length": bytes });
    this.#waitFor(response, bytes);
    return true;
  }

  #waitFor(response: ServerResponse, bytes: number): void {
    const cancel = this.#clock.after(MOST_READING_MS, () => response.destroy());
    this.#unread.set(response, bytes);
    this.#unreadBytes += bytes;
    response.once("close", () => {
      cancel();
      if (this.#unread.delete(response)) this.#unreadBytes -= bytes;
    });
    for (const [oldest, held] of this.#unread) {
      if (this.#unreadBytes <= this.#mostUnreadBytes || oldest === response) break;
      this.#unread.delete(oldest);
      this.#unreadBytes -= held;
      oldest.destroy();
    }
  }

  /**
   * Ends an answer with the rest of its body. If its request is still being sent, to close its connection now would break it, and
   * most clients read no answer from a connection that breaks while they write. So what they write is read on for a moment.
   */
  #end(response: ServerResponse, rest?: string): void {
    const { req: request } = response;
    if (request.complete || response.destroyed) return void response.end(rest);
    if (rest !== undefined) response.write(rest);
    let bytes = 0;
    const finish = () => {
      cancel();
      request.off("data", count);
      response.end();
    };
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > READ_ON_BYTES) finish();
    };
    const cancel = this.#clock.after(READ_ON_MS, finish);
    request.on("data", count).once("end", finish).once("close", finish).resume();
  }
}

/**
 * Writes a large text, as fast as the client reads it, a part in each turn of the event loop: a text of megabytes takes
 * the thread for long. Resolves when all is written, or when the client has left.
 */
async function writeInTurns(response: ServerResponse, body: readonly string[]): Promise<void> {
  for (const text of body) {
    for (let at = 0; at < text.length && !response.destroyed; ) {
      const end = endOfPart(text, at + LARGE);
      const hasRoom = response.write(Buffer.from(text.slice(at, end)));
      at = end;
      await (hasRoom ? setImmediate() : nextOf(response));
    }
  }
}

/** Parts no pair of surrogates. */
function endOfPart(text: string, end: number): number {
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last < 0xdc00 ? end + 1 : end;
}

/** Resolves when the client has read, or has left. */
function nextOf(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const next = () => {
      response.off("drain", next).off("close", next);
      resolve();
    };
    response.once("drain", next).once("close", next);
  });
}
