import { mysqlCatalogue } from "./catalogue-mysql.ts";
import { pgCatalogue } from "./catalogue-pg.ts";
import { sqliteCatalogue } from "./catalogue-sqlite.ts";
import type { Dialect } from "./driver.ts";
import type { Catalogue } from "./table-words.ts";

/** One entry per dialect. */
export const catalogues: Readonly<Record<Dialect, Catalogue>> = {
  pg: pgCatalogue,
  sqlite: sqliteCatalogue,
  mysql: mysqlCatalogue,
};
