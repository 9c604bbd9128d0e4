import { DriverAround } from "../../lib/database/contract/driver-around.ts";
import type { Driver } from "../../lib/database/driver.ts";

/** The same database for one world after another: opening one takes longer than most stories. */
export function keptOpen(driver: Driver): Driver {
  return new DriverAround(driver, { close: async () => {} });
}
