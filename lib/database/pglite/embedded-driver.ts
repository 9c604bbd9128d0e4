import type { MessagePort } from "node:worker_threads";
import type { Driver } from "../driver/driver.ts";

/** A driver whose database runs in this process. Other processes can reach it only through `openPort`. */
export interface EmbeddedDriver extends Driver {
  /** The absolute path of the database's directory. */
  readonly directory: string;
  /**
   * Opens one more connection, which speaks PostgreSQL's wire protocol, for a tool such as drizzle-kit. Its
   * transactions and the application's wait for each other.
   * @returns undefined while the database is being opened again.
   */
  openPort(): MessagePort | undefined;
  /**
   * Stops the database at once, even while a statement runs, as `destroy` does for a statement that never ends.
   * Connections are lost, commits are not. The next `connect` opens the database again.
   */
  abort(): Promise<void>;
}

export function isEmbedded(driver: Driver): driver is EmbeddedDriver {
  return "openPort" in driver;
}
