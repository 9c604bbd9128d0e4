import { setTimeout } from "node:timers/promises";
import type { Engine } from "../../engine/engine.ts";
import type { Log } from "../../environment/environment.ts";
import type { Sockets } from "../http/accept-sockets.ts";
import type { HttpServer } from "../http/http-server.ts";
import type { NextServer } from "../http/next-server.ts";
import type { ServedFunctions } from "../loading/serve-functions.ts";

/** The parts of a running server, which `gracefulShutdown` stops. */
export interface Running {
  /** Stops to accept connections, and answers the running requests. */
  http: HttpServer;
  /** Refuses new sockets, and closes the open ones. */
  sockets: Sockets;
  /** Tells clients when to reconnect, and finishes the running mutations and actions. */
  engine: Pick<Engine, "drain" | "close">;
  /** Stops to watch `convex/`. */
  functions: ServedFunctions;
  /** Closed last. */
  database: { close(): Promise<void> };
  /** Closed when all requests have been answered. */
  next: Pick<NextServer, "close">;
  /** Receives what goes wrong. */
  log: Log;
}

/** Milliseconds for `limits.drainTimeoutMs` and all later steps. Process managers commonly kill a server after 30 s. */
const HARD_LIMIT = 25_000;
/** Milliseconds for running requests: the time limit of a mutation. */
const REQUEST_TIME = 10_000;
/** Milliseconds for Next, which has no unfinished work by then. */
const NEXT_TIME = 2_000;
/** Milliseconds in which a second SIGINT is the first Ctrl-C once more, passed on by a parent process. */
const SAME_KEYPRESS = 500;

/**
 * Ends the process in order on SIGTERM, on Ctrl-C, and when the process that started it is gone: clients are told when
 * to reconnect, running mutations are finished, requests are answered. The process ends with code 0; with 1 if a step
 * fails or all of them take longer than 25 s. A second Ctrl-C ends it at once.
 * @example
 * gracefulShutdown({ http, sockets, engine, functions, database, next, log });
 */
export function gracefulShutdown(running: Running): void {
  let stoppingSince: number | undefined;

  function stop(): void {
    if (stoppingSince === undefined) {
      stoppingSince = Date.now();
      void shutDown(running);
    } else if (Date.now() - stoppingSince > SAME_KEYPRESS) process.exit(130);
  }

  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  // `convex-lite dev` is at the other end of this channel. If it was killed, nothing else would end the server.
  if (process.channel) process.once("disconnect", stop);
}

async function shutDown({ http, sockets, engine, functions, database, next, log }: Running): Promise<never> {
  void setTimeout(HARD_LIMIT, undefined, { ref: false }).then(() => {
    log.error(`shutdown took longer than ${HARD_LIMIT / 1000} s; the process ends now`);
    process.exit(1);
  });
  try {
    http.drain();
    sockets.drain();
    await engine.drain();
    sockets.close();
    await Promise.race([http.close(), setTimeout(REQUEST_TIME)]);
    await engine.close();
    await functions.close();
    await Promise.race([next.close(), setTimeout(NEXT_TIME)]);
    await database.close();
  } catch (error) {
    log.error("shutdown failed", { error });
    process.exit(1);
  }
  process.exit(0);
}
