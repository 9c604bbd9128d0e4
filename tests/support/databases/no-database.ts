import type { Driver } from "../../../lib/database/driver/driver.ts";

/** A driver for code that must not use a database: connecting fails. */
export const noDatabase: Driver = {
  dialect: "pg",
  connections: 10,
  overlaps: true,
  runsInCall: false,
  shared: true,
  description: "no database",
  connect: () => Promise.reject(new Error("The database was used.")),
  useSchema: () => {},
  classify: () => "other",
  close: async () => {},
};
