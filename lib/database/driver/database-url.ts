import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UnusableDatabaseError } from "./database-errors.ts";
import type { Dialect } from "./driver.ts";

/**
 * The absolute path of the file that `file:…` names. A path without a leading slash counts from the working directory.
 * @throws {UnusableDatabaseError} when the address names no file, or has parameters.
 */
export function fileOf(url: string): string {
  if (url.includes("?")) throw new UnusableDatabaseError(fileAlone);
  try {
    const path = url.startsWith("file://") ? fileURLToPath(url) : url.slice("file:".length);
    if (path !== "" && !path.includes(":memory:")) return resolve(path);
  } catch {
    // `fileURLToPath` refuses an address such as `file://host/path`.
  }
  throw new UnusableDatabaseError(
    `DATABASE_URL is expected to name a file, as in file:./app.sqlite or file:/var/lib/app.sqlite. Found: ${url}.`,
  );
}

const fileAlone =
  "DATABASE_URL names a SQLite file, which is always opened for reading and writing: leave out the ? and what follows it.";

/**
 * Refuses an address without a database name. PostgreSQL would take the user's name for it, and the database `postgres`
 * is the one from which a server is maintained.
 * @throws {UnusableDatabaseError} unless the address, or libpq's variable PGDATABASE, names a database.
 */
export function requireDatabase(url: string): void {
  const { username, hostname, pathname } = new URL(url.replace("@/", "@localhost/"));
  if (pathname.length > 1 || process.env.PGDATABASE) return;
  if (username || hostname) {
    throw new UnusableDatabaseError("DATABASE_URL names no database: end it with /name-of-the-database.");
  }
  throw new UnusableDatabaseError(
    `DATABASE_URL names no user and no database: it is expected to be like ${examples.pg}.`,
  );
}

/** What DATABASE_URL asks for. */
export interface DatabaseUrl {
  scheme: string;
  dialect: Dialect;
  driver: "pg" | "neon" | "mysql2" | "better-sqlite3";
  /** The address for the driver: without `?driver=…`, which only convex-lite reads. */
  url: string;
}

/**
 * Reads DATABASE_URL.
 * @throws {UnusableDatabaseError} for an address that is malformed or of an unknown kind. The message never shows the
 * address, which may hold a password.
 */
export function parseDatabaseUrl(address: string): DatabaseUrl {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1]?.toLowerCase() ?? "";
  if (scheme === "file") return { scheme, dialect: "sqlite", driver: "better-sqlite3", url: address };
  if (scheme !== "mysql" && scheme !== "postgres" && scheme !== "postgresql") {
    throw new UnusableDatabaseError(unknownScheme(scheme));
  }
  if (!canBeRead(address)) throw new UnusableDatabaseError(malformed(scheme));
  if (scheme === "mysql") return { scheme, dialect: "mysql", driver: "mysql2", url: address };
  return { scheme, dialect: "pg", ...postgresDriver(address) };
}

/** Whether the packages can parse the address. Their own errors would show the password. */
function canBeRead(address: string): boolean {
  try {
    // An address without a host is that of a Unix socket: `postgres://user@/app?host=/run/postgresql`.
    const { username, password, pathname } = new URL(address.replace("@/", "@localhost/"));
    return [username, password, pathname].map(decodeURIComponent).length > 0;
  } catch {
    return false;
  }
}

function postgresDriver(address: string): Pick<DatabaseUrl, "driver" | "url"> {
  const named = /[?&]driver=([^&]*)/.exec(address)?.[1];
  const url = address.replace(/([?&])driver=[^&]*&?/, "$1").replace(/[?&]$/, "");
  if (named !== undefined && named !== "neon" && named !== "pg") {
    throw new UnusableDatabaseError(
      `DATABASE_URL asks for ?driver=${named}. There are two: ?driver=neon and ?driver=pg.`,
    );
  }
  const isNeon =
    named === "neon" || (named === undefined && /@[^/?]*\.neon\.(tech|build)(:\d+)?([/?]|$)/.test(address));
  return { driver: isNeon ? "neon" : "pg", url };
}

/** An example of DATABASE_URL for each dialect. */
export const examples = {
  pg: "postgres://user:password@host:5432/database",
  mysql: "mysql://user:password@host:3306/database",
  sqlite: "file:./app.sqlite",
};

function unknownScheme(scheme: string): string {
  const found = scheme ? `an address that begins with "${scheme}:"` : "something that is not an address";
  return (
    `DATABASE_URL is expected to be like ${examples.pg}, ${examples.mysql} or ${examples.sqlite}. Found: ${found}. ` +
    "Leave it out to use the embedded database."
  );
}

function malformed(scheme: string): string {
  return (
    `DATABASE_URL begins with "${scheme}:", but is not an address. Characters such as # / ? % in a user's name or password ` +
    "must be written as %23 %2F %3F %25."
  );
}
