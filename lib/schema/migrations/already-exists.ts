import { innermostMessage } from "../../database/driver/database-errors.ts";
import type { Dialect } from "../../database/driver/driver.ts";
import { mysqlErrorNumber } from "../../database/mysql/mysql-errors.ts";
import { sqlState } from "../../database/postgres/postgres-errors.ts";

/** Did a statement fail because what it makes is there, or what it drops is not? */
export function alreadyExists(error: unknown, dialect: Dialect): boolean {
  switch (dialect) {
    case "pg":
      // Duplicate table, column, object, schema, index.
      return ["42P07", "42701", "42710", "42P06"].includes(sqlState(error) ?? "");
    case "sqlite":
      return /already exists|duplicate column name/.test(innermostMessage(error));
    case "mysql":
      // Table, column, key or primary key there; key, table or foreign key not there; foreign key there (three ways).
      return (
        [1050, 1060, 1061, 1068, 1091, 1051, 1826, 1022].includes(mysqlErrorNumber(error) ?? 0) ||
        isForeignKeyThere(error)
      );
  }
}

/** MariaDB says it as an error of the engine. */
function isForeignKeyThere(error: unknown): boolean {
  return mysqlErrorNumber(error) === 1005 && /errno: 121/.test(innermostMessage(error));
}
