import { setTimeout } from "node:timers/promises";
import type { Engine } from "../../engine/engine.ts";
import type { Log } from "../../environment/environment.ts";
import type { Sockets } from "../http/accept-sockets.ts";
import type { HttpServer } from "../http/http-server.ts";
import type { NextServer } from "../http/next-server.ts";
import type { ServedFunctions } from "../loading/serve-functions.ts";

export interface Running {
  http: HttpServer;
  sockets: Sockets;
  engine: Pick<Engine, "drain" | "close">;
  functions: ServedFunctions;
  database: { close(): Promise<void> };
  next: Pick<NextServer, "close">;
  log: Log;
}

/** Milliseconds for `limits.drainTimeoutMs` and what follows. Those who stop servers commonly allow 30 s before they kill. */
const HARD_LIMIT = 25_000;
/** Milliseconds for requests that run: as long as a mutation may take. */
const REQUEST_TIME = 10_000;
/** Milliseconds for Next, which has nothing left to lose by then. */
const NEXT_TIME = 2_000;
/** A second Ctrl-C means it; one from the same keypress, passed on by a parent process, does not. */
const SAME_KEYPRESS = 500;

/**
 * Ends the process in order on SIGTERM, on Ctrl-C, and when the process that started it is gone: clients are told when
 * to come back, mutations that run are finished, requests answered. A second Ctrl-C ends it at once.
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
  // `convex-lite dev` talks to its server over this channel; without it nobody would end the server.
  if (process.channel) process.once("disconnect", stop);
}

async function shutDown({ http, sockets, engine, functions, database, next, log }: Running): Promise<never> {
  void setTimeout(HARD_LIMIT, undefined, { ref: false }).then(() => {
    log.error(`could not stop in order within ${HARD_LIMIT / 1000} s`);
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
    log.error("could not stop in order", { error });
    process.exit(1);
  }
  process.exit(0);
}
