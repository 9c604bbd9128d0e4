import type { Driver } from "../../database/driver/driver.ts";
import type { Log } from "../../environment/environment.ts";
import type { HttpServer } from "../http/http-server.ts";
import type { Settings } from "../process/settings.ts";

/** What `announceReady` takes. */
export interface Ready {
  /** The address of the server is logged. */
  http: HttpServer;
  /** The description of the database is logged. */
  database: Driver;
  /** A set `REDIS_URL` is warned about. */
  settings: Pick<Settings, "redisUrl">;
  /** Receives the lines. */
  log: Log;
}

/**
 * Announces that the server answers requests: in the log, and to the process that started this one (`convex-lite dev`).
 * Call it last.
 * @example
 * announceReady({ http, database, settings, log });
 */
export function announceReady({ http, database, settings, log }: Ready): void {
  if (settings.redisUrl !== undefined) {
    log.warn(
      "REDIS_URL is set, but this version does not use it: run one server only. A second one would not see the changes of the first.",
    );
  }
  log.info(`ready on ${http.url}`, { database: database.description, after: `${Math.round(performance.now())} ms` });
  if (process.channel) process.send?.("ready");
}
