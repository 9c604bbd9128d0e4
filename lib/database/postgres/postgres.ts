import pg from "pg";
import type { Driver } from "../driver/driver.ts";
import { unreadableCertificate } from "../driver/open-errors.ts";
import { cancelQuery } from "./cancel-query.ts";
import { openServer, type PostgresOptions, poolOptions } from "./postgres-driver.ts";

/**
 * Opens a PostgreSQL server over TCP or a Unix socket.
 * @throws {UnusableDatabaseError} that says what is wrong. The message never holds the password.
 */
export function openPostgres(options: PostgresOptions): Promise<Driver> {
  const { host, port, database, password } = clientOf(options.url);
  const server = {
    description: `PostgreSQL at ${host}:${port}/${database}`,
    password: typeof password === "string" ? password : undefined,
    pool: new pg.Pool({ ...poolOptions(options), pipeline: true }),
    namedStatements: true,
    cancel: cancelQuery,
  };
  return openServer(server, options);
}

/**
 * Parses the address. `pg` reads certificate files at once, which may fail; malformed addresses were refused before.
 */
function clientOf(url: string): pg.Client {
  try {
    return new pg.Client({ connectionString: url });
  } catch (error) {
    const { syscall, path } = error as NodeJS.ErrnoException;
    throw syscall ? unreadableCertificate(path, error) : error;
  }
}
