import { innermostMessage } from "../../database/driver/database-errors.ts";
import type { Dialect } from "../../database/driver/driver.ts";
import { mysqlErrorNumber } from "../../database/mysql/mysql-errors.ts";
import { sqlState } from "../../database/postgres/postgres-errors.ts";

/** Whether a statement failed because what it creates exists already, or what it drops does not exist. */
export function alreadyExists(error: unknown, dialect: Dialect): boolean {
  switch (dialect) {
    case "pg":
      // Duplicate table, column, object, schema, index.
      return ["42P07", "42701", "42710", "42P06"].includes(sqlState(error) ?? "");
    case "sqlite":
      return /already exists|duplicate column name/.test(innermostMessage(error));
    case "mysql":
      // 1050 table, 1060 column, 1061 key, 1068 primary key exists; 1091 column or key, 1051 table does not exist; 1826
      // and 1022 foreign key exists.
      return (
        [1050, 1060, 1061, 1068, 1091, 1051, 1826, 1022].includes(mysqlErrorNumber(error) ?? 0) ||
        isForeignKeyThere(error)
      );
  }
}

/** Whether a foreign key exists already, as MariaDB reports it: as an error of the storage engine. */
function isForeignKeyThere(error: unknown): boolean {
  return mysqlErrorNumber(error) === 1005 && /errno: 121/.test(innermostMessage(error));
}
