import type { Driver } from "../../database/driver/driver.ts";
import type { Log } from "../../environment/environment.ts";
import type { HttpServer } from "../http/http-server.ts";
import type { Settings } from "../process/settings.ts";

export interface Ready {
  http: HttpServer;
  database: Driver;
  settings: Pick<Settings, "redisUrl">;
  log: Log;
}

/** Says that the server can serve: to whoever reads the terminal, and to the process that started this one. */
export function announceReady({ http, database, settings, log }: Ready): void {
  if (settings.redisUrl !== undefined) {
    log.warn(
      "REDIS_URL is set, but this version runs as one server only: a second one would not see what this one changes.",
    );
  }
  log.info(`ready on ${http.url}`, { database: database.description, after: `${Math.round(performance.now())} ms` });
  if (process.channel) process.send?.("ready");
}
