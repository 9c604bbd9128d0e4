import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CLIENT_ID_LIFE_MS, MAX_PENDING } from "../lib/client/calls/call-limits.ts";
import { UNMOUNT_GRACE } from "../lib/client/queries/query-limits.ts";
import { defaultLimits, limitsFrom, statedLimits } from "../lib/engine/run/limits.ts";
import { CLOSE_TIME, MOST_FRAGMENTS, MOST_SOCKETS, MOST_SOCKETS_PER_ADDRESS } from "../lib/node/http/accept-sockets.ts";
import { MOST_READING_MS, MOST_UNREAD_BYTES } from "../lib/node/http/answers.ts";
import { MOST_BODY_MS, MOST_CALLS, MOST_CALLS_PER_ADDRESS } from "../lib/node/http/call-endpoint.ts";

const document = readFileSync(join(import.meta.dirname, "../docs/limits.md"), "utf8");
const UNITS: Record<string, number> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, KiB: 1024, MiB: 1024 * 1024 };

/** The table under a heading: names, and their values as the code counts them. */
function tableUnder(heading: string): Record<string, number> {
  const part = document.split(/^## /m).find((text) => text.startsWith(heading)) ?? "";
  const rows = part.split("\n").filter((line) => line.startsWith("|"));
  return Object.fromEntries(
    rows.slice(2).map((row) => {
      const [, name = "", value = "", bounds, what] = row.split("|").map((cell) => cell.trim());
      expect(`${name}: ${bounds} → ${what}`).toMatch(/.+: .+ → .+/);
      const [, number = "", unit] = /^([\d,]+)(?: (\w+))?$/.exec(value) ?? [];
      return [name.replaceAll("`", ""), Number(number.replaceAll(",", "")) * (unit ? (UNITS[unit] ?? Number.NaN) : 1)];
    }),
  );
}

describe("docs/limits.md names every limit with its default and what happens at it", () => {
  test("of the engine", () => {
    expect(tableUnder("`createEngine({ limits })`")).toEqual(defaultLimits);
  });

  test("of the server around it", () => {
    expect(tableUnder("`acceptSockets")).toEqual({
      sockets: MOST_SOCKETS,
      socketsPerAddress: MOST_SOCKETS_PER_ADDRESS,
      calls: MOST_CALLS,
      callsPerAddress: MOST_CALLS_PER_ADDRESS,
    });
  });

  test("of the server around it, which cannot be set", () => {
    expect(tableUnder("What the server keeps to")).toEqual({
      fragments: MOST_FRAGMENTS,
      closing: CLOSE_TIME,
      body: MOST_BODY_MS,
      reading: MOST_READING_MS,
      "unread answers": MOST_UNREAD_BYTES,
    });
  });

  test("of the client", () => {
    expect(tableUnder("What the client keeps to")).toEqual({
      "unacknowledged mutations": statedLimits(defaultLimits).unacknowledgedMutations,
      "unacknowledged bytes": statedLimits(defaultLimits).unacknowledgedBytes,
      "pending mutations": MAX_PENDING,
      "pending actions": MAX_PENDING,
      undecided: CLIENT_ID_LIFE_MS,
      grace: UNMOUNT_GRACE,
    });
  });
});

test("arguments may not be allowed to be deeper than any value can be", () => {
  expect(limitsFrom({ argsDepth: 3 }).argsDepth).toBe(3);
  expect(() => limitsFrom({ argsDepth: 65 })).toThrow("at most 64");
});
