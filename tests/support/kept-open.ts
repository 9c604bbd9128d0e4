import type { Driver } from "../../lib/database/driver/driver.ts";
import { DriverAround } from "./databases/contract/driver-around.ts";

/** The same database for one world after another: opening one takes longer than most stories. */
export function keptOpen(driver: Driver): Driver {
  return new DriverAround(driver, { close: async () => {} });
}
