import type { Driver } from "../../lib/database/driver/driver.ts";
import { DriverAround } from "./databases/contract/driver-around.ts";

/** One database for many worlds: opening one takes longer than most tests. */
export function keptOpen(driver: Driver): Driver {
  return new DriverAround(driver, { close: async () => {} });
}
