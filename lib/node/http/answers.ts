import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Environment } from "../../environment/environment.ts";

/** An answer that is known as a whole. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

/** Milliseconds in which a client has to read an answer. */
export const MOST_READING_MS = 30_000;
/** Bytes of answers that clients have not read, of all together. */
export const MOST_UNREAD_BYTES = 128 * 1024 * 1024;
/** Characters of an answer that is turned into bytes at once. */
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

  constructor(clock: Pick<Environment, "after">, mostUnreadBytes = MOST_UNREAD_BYTES) {
    this.#clock = clock;
    this.#mostUnreadBytes = mostUnreadBytes;
  }

  /** Sends an answer, unless one was begun or the client has left. The response closes when the client has it. */
  send(response: ServerResponse, { status, headers, body }: Answer): void {
    if (response.headersSent || response.destroyed) return;
    const { req: request } = response;
    // Of a text Node keeps three times its length until the client has read it.
    const sent = body.length > LARGE ? Buffer.from(body) : body;
    const bytes = Buffer.byteLength(sent);
    // The unread rest of a body would be parsed as the next request of this connection.
    if (!request.complete) response.setHeader("Connection", "close");
    response.writeHead(status, { ...headers, "Content-Length": bytes });
    this.#waitFor(response, bytes);
    if (request.complete) response.end(sent);
    else this.#sendEarly(request, response, sent);
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
   * Answers a request that is still being sent. To close its connection now would break it, and most clients read no
   * answer from a connection that breaks while they write. So what they write is read on for a moment.
   */
  #sendEarly(request: IncomingMessage, response: ServerResponse, body: string | Buffer): void {
    response.write(body);
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
