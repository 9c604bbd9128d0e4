/**
 * The settings by which PostgreSQL reads and prints values. A server, a database and a user may each have others: then
 * Drizzle would read a time as hours off, or no date at all.
 */
const settings = {
  // Drizzle writes and reads a `timestamp` without time zone as UTC, so `now()` must be in UTC as well.
  timezone: "UTC",
  datestyle: "ISO, MDY",
  intervalstyle: "postgres",
  extra_float_digits: "1",
  bytea_output: "hex",
  standard_conforming_strings: "on",
  array_nulls: "on",
  transform_null_equals: "off",
  xmlbinary: "base64",
  // The forms of money and of `to_char`.
  lc_monetary: "C",
  lc_numeric: "C",
  lc_time: "C",
};

/**
 * Undoes what earlier transactions have left in the session. Part of every BEGIN, whose round trip it shares. Statements
 * that were prepared stay.
 * @param user The user as whom the client has signed in, as SQL.
 */
export function resetSession(user = "default"): string {
  return `set session authorization ${user}; reset role; reset all`;
}

/**
 * Makes the settings for one transaction. Not made once for each connection: a pooler may run each transaction in
 * another session, and lends the session to other applications in between.
 */
export const makeSettings = Object.entries(settings)
  .map(([name, value]) => `set local ${name} = '${value}'`)
  .join("; ");

/**
 * Returns a row when an administrator has made any setting of these for the database, for a user or for the server,
 * after it was initialised.
 */
export const madeSettings = `select name from pg_settings where name ilike any (array[${Object.keys(settings)
  .map((name) => `'${name}'`)
  .join(", ")}]) and (source in ('database', 'user', 'database user') or sourcefile like '%postgresql.auto.conf')`;
