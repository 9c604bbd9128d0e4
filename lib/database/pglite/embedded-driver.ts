import type { MessagePort } from "node:worker_threads";
import type { Driver } from "../driver/driver.ts";

/** A driver whose database lives in this process: no other process can reach it, but through `openPort`. */
export interface EmbeddedDriver extends Driver {
  /** Where the database lies: an absolute path. */
  readonly directory: string;
  /**
   * One more connection to it, speaking PostgreSQL's wire protocol, for a tool such as drizzle-kit. Its transactions and
   * the application's wait for each other. Undefined while the database is being opened again.
   */
  openPort(): MessagePort | undefined;
  /**
   * Stops the database in the middle of whatever runs, as `destroy` does to a statement that never ends. Connections are
   * lost, what was committed is not; the next `connect` opens it again.
   */
  abort(): Promise<void>;
}

export function isEmbedded(driver: Driver): driver is EmbeddedDriver {
  return "openPort" in driver;
}
