import type { Dialect } from "../../database/driver/driver.ts";
import type { Catalogue } from "./described-table.ts";
import { mysqlCatalogue } from "./mysql-catalogue.ts";
import { pgCatalogue } from "./pg-catalogue.ts";
import { sqliteCatalogue } from "./sqlite-catalogue.ts";

/** The catalogue of each dialect. */
export const catalogues: Readonly<Record<Dialect, Catalogue>> = {
  pg: pgCatalogue,
  sqlite: sqliteCatalogue,
  mysql: mysqlCatalogue,
};
