/**
 * The settings that change what statements mean, or which values they read. A server and its `init_connect` may have
 * others.
 */
const settings = {
  character_set_client: "'utf8mb4'",
  character_set_results: "'utf8mb4'",
  collation_connection: "'utf8mb4_unicode_ci'",
  // For changes of tables, which run outside of transactions.
  autocommit: "1",
  // Otherwise COMMIT could begin another transaction, or end the connection.
  completion_type: "0",
  // Drizzle reads and writes times in UTC.
  time_zone: "'+00:00'",
  // A value that does not fit its column is an error instead of truncated. A backslash escapes, on which mysql2 relies
  // when it writes values into statements. Whether `group by` must name every column is left to the server.
  sql_mode:
    "concat_ws(',', 'STRICT_ALL_TABLES', 'STRICT_TRANS_TABLES', 'ERROR_FOR_DIVISION_BY_ZERO', 'NO_ENGINE_SUBSTITUTION', " +
    "if(find_in_set('ONLY_FULL_GROUP_BY', @@sql_mode) > 0, 'ONLY_FULL_GROUP_BY', null))",
  foreign_key_checks: "1",
  unique_checks: "1",
  sql_auto_is_null: "0",
  sql_select_limit: "18446744073709551615",
  group_concat_max_len: "1048576",
  div_precision_increment: "4",
  default_week_format: "0",
  lc_time_names: "'en_US'",
};

/** The first statements on each connection. */
export const firstStatements = [
  "set session transaction isolation level repeatable read, read write",
  `set ${Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ")}`,
];
