/** What is read of Vitest's report: every test with its titles, the outermost first. */
export interface Report {
  testResults: readonly {
    name: string;
    status: string;
    message?: string;
    assertionResults: readonly { ancestorTitles: readonly string[]; title: string; status: string }[];
  }[];
}

export interface Count {
  database: string;
  passed: number;
  failed: number;
  skipped: number;
  /** Why tests were skipped, as their titles say. */
  because: string;
}

/** Each database, and what its tests' titles match. The first match counts: Neon's tests name PostgreSQL, too. */
const databases: readonly (readonly [name: string, names: RegExp])[] = [
  ["Neon's driver", /\bneon\b/i],
  ["MySQL or MariaDB", /\b(mysql|mariadb)\b/i],
  ["SQLite", /\bsqlite\b/i],
  ["PGlite", /\bpglite\b|embedded database/i],
  ["PostgreSQL", /\bpostgres(ql)?\b/i],
];

/** How many tests of each database passed, failed and were skipped. A file that could not be read counts as one failure. */
export function countByDatabase({ testResults }: Report): Count[] {
  const counts = new Map(databases.map(([database]) => [database, emptyCount(database)]));
  for (const { name: file, status, assertionResults } of testResults) {
    if (assertionResults.length === 0 && status === "failed") add(counts, [file], "failed");
    for (const { ancestorTitles, status } of assertionResults) add(counts, ancestorTitles, status);
  }
  return [...counts.values()];
}

function emptyCount(database: string): Count {
  return { database, passed: 0, failed: 0, skipped: 0, because: "" };
}

/** A test belongs to a database by the titles around it: its own may name others. */
function add(counts: Map<string, Count>, titles: readonly string[], status: string): void {
  const text = titles.join(" ");
  const count = counts.get(databases.find(([, names]) => names.test(text))?.[0] ?? "");
  if (!count) return;
  if (status === "passed" || status === "failed") count[status]++;
  else {
    count.skipped++;
    count.because = /\(skipped: ([^)]*)\)/.exec(text)?.[1] ?? count.because;
  }
}

export function tableOf(counts: readonly Count[]): string {
  const rows = [
    ["database", "passed", "failed", "skipped", ""],
    ...counts.map(({ database, passed, failed, skipped, because }) => [
      database,
      String(passed),
      String(failed),
      String(skipped),
      passed + failed + skipped === 0 ? "no test ran" : because,
    ]),
  ];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map(([name = "", passed = "", failed = "", skipped = "", because = ""]) =>
      [
        name.padEnd(widths[0] ?? 0),
        passed.padStart(widths[1] ?? 0),
        failed.padStart(widths[2] ?? 0),
        skipped.padStart(widths[3] ?? 0),
        because,
      ]
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
