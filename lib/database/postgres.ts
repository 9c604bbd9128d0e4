import pg from "pg";
import { cancelRunning } from "./cancel-running.ts";
import type { Driver } from "./driver.ts";
import { openServer, type PostgresOptions, poolOptions } from "./postgres-server.ts";

/** Opens a PostgreSQL server over TCP or a Unix socket. @throws {UnusableDatabaseError} */
export function openPostgres(options: PostgresOptions): Promise<Driver> {
  const { host, port, database, password } = new pg.Client({ connectionString: options.url });
  const server = {
    description: `PostgreSQL at ${host}:${port}/${database}`,
    password: typeof password === "string" ? password : undefined,
    pool: new pg.Pool({ ...poolOptions(options), pipeline: true }),
    namedStatements: true,
    cancel: cancelRunning,
  };
  return openServer(server, options);
}
