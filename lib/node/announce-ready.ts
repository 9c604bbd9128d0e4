import type { Driver } from "../database/driver.ts";
import type { Log } from "../environment/environment.ts";
import type { HttpServer } from "./http-server.ts";

/** Says that the server can serve: to whoever reads the terminal, and to the process that started this one. */
export function announceReady({ http, database, log }: { http: HttpServer; database: Driver; log: Log }): void {
  log.info(`ready on ${http.url}`, { database: database.description, after: `${Math.round(performance.now())} ms` });
  if (process.channel) process.send?.("ready");
}
