import type { Driver } from "../../../lib/database/driver/driver.ts";

/** For what must not reach a database. */
export const noDatabase: Driver = {
  dialect: "pg",
  connections: 10,
  overlaps: true,
  shared: true,
  description: "no database",
  connect: () => Promise.reject(new Error("The database was asked.")),
  useSchema: () => {},
  classify: () => "other",
  close: async () => {},
};
