import { expect, test } from "vitest";
import { countByDatabase, tableOf } from "./table.ts";

const file = (ancestorTitles: string[], ...statuses: string[]) => ({
  name: "x.test.ts",
  status: "passed",
  assertionResults: statuses.map((status) => ({ ancestorTitles, title: "on PostgreSQL", status })),
});

test("tests count for the database that the titles around them name, and say why they were skipped", () => {
  const counts = countByDatabase({
    testResults: [
      file(["Neon's driver", "Neon's driver behaves as a driver"], "passed", "failed"),
      file(["MySQL or MariaDB (skipped: no MySQL or MariaDB server; set TEST_MYSQL_URL)"], "pending", "skipped"),
      file(["a fuzzed engine on PGlite"], "passed"),
      file(["an engine on the embedded database"], "passed"),
      file(["a gate"], "passed"),
      { name: "lib/database/postgres/postgres.test.ts", status: "failed", assertionResults: [] },
    ],
  });
  expect(tableOf(counts).split("\n")).toEqual([
    "database          passed  failed  skipped",
    "Neon's driver          1       1        0",
    "MySQL or MariaDB       0       0        2  no MySQL or MariaDB server; set TEST_MYSQL_URL",
    "SQLite                 0       0        0  no test ran",
    "PGlite                 2       0        0",
    "PostgreSQL             0       1        0",
  ]);
});
