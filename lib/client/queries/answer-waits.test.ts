import { describe, expect, test } from "vitest";
import type { QueryKey } from "../../functions/query-key.ts";
import { UnavailableError } from "../../protocol/function-error.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { USUAL_LIMITS } from "../connection/connection.ts";
import { AnswerWaits } from "./answer-waits.ts";
import type { QueryRecord } from "./query-record.ts";
import { QuerySet } from "./query-set.ts";

const key = "x:a{}" as QueryKey;

function waiting() {
  const queries = new QuerySet(new HandClock(), { sent: () => {}, released: () => {}, refuse: () => {} });
  const waits = new AnswerWaits(queries);
  const answered = waits.add(key);
  queries.next(USUAL_LIMITS);
  return { queries, waits, answered, query: queries.get(key) as QueryRecord };
}

describe("a wait for an answer", () => {
  test("watches the query until it is answered, with one promise for all callers", async () => {
    const { queries, waits, answered, query } = waiting();
    expect(waits.add(key)).toBe(answered);
    waits.settle();
    expect(query.watchers).toBe(1);
    queries.answered(query);
    waits.settle();
    await answered;
    expect(query.watchers).toBe(0);
  });

  test("of a query that is answered already ends at once", async () => {
    const { queries, waits, query } = waiting();
    queries.answered(query);
    await waits.add(key);
    expect(query.watchers).toBe(0);
  });

  test("ends with the error for which no answer will come", async () => {
    const { waits, answered, query } = waiting();
    const error = new UnavailableError("notSent", "The client is closed.");
    waits.settle(error);
    await expect(answered).rejects.toBe(error);
    expect(query.watchers).toBe(0);
  });
});
