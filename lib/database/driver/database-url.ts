import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UnusableDatabaseError } from "./database-errors.ts";
import type { Dialect } from "./driver.ts";

/** The path in `file:…`: from the working directory, or from the root when it begins with a slash. */
export function fileOf(url: string): string {
  if (url.includes("?")) throw new UnusableDatabaseError(fileAlone);
  try {
    const path = url.startsWith("file://") ? fileURLToPath(url) : url.slice("file:".length);
    if (path !== "" && !path.includes(":memory:")) return resolve(path);
  } catch {
    // Such as `file://host/path`.
  }
  throw new UnusableDatabaseError(
    `DATABASE_URL is expected to name a file, as in file:./app.sqlite or file:/var/lib/app.sqlite. Found: ${url}.`,
  );
}

const fileAlone =
  "DATABASE_URL names a file for SQLite, which is opened to be read and written: leave out the ? and what follows it.";

/**
 * Without the name of a database PostgreSQL takes the user's, which for `postgres` is the one the server is maintained in.
 * @throws {UnusableDatabaseError} unless the address, or libpq's own variable, names one.
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

/** What an address asks for. */
export interface DatabaseUrl {
  scheme: string;
  dialect: Dialect;
  driver: "pg" | "neon" | "mysql2" | "better-sqlite3";
  /** Without what was meant for us. */
  url: string;
}

/** The address itself is never shown: it may hold a password. @throws {UnusableDatabaseError} when it is none we know. */
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

/** What the packages would stumble over, with the password in what they say. */
function canBeRead(address: string): boolean {
  try {
    // Without a host it is a Unix socket: `postgres://user@/app?host=/run/postgresql`.
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

/** What DATABASE_URL looks like, by dialect. */
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
    `DATABASE_URL begins with "${scheme}:", but is not an address. Signs such as # / ? % in a user's name or password have ` +
    "to be written as %23 %2F %3F %25."
  );
}
