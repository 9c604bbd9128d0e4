import type { DatabaseConnection, Driver } from "../../database/driver/driver.ts";
import type { Environment } from "../../environment/environment.ts";
import type { Answer } from "../answers/answer.ts";
import type { AnswerTokens } from "../answers/answer-tokens.ts";
import { encodeAnswer, encodeError } from "../answers/encode-answer.ts";
import { withStatementTimeout } from "../commits/statement-timeout.ts";
import type { LiveQuery } from "../queries/live-query.ts";
import { type Failures, TimeLimitError } from "../run/failures.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { LongWork } from "../run/long-work.ts";
import type { Registry } from "../run/registry.ts";
import { Run } from "../run/run.ts";
import { withTimeLimit } from "../run/time-limit.ts";

export interface RunQueryParts {
  readonly driver: Driver;
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly failures: Failures;
  readonly tokens: AnswerTokens;
  readonly longWork: LongWork;
  readonly counters: { queryRuns: number; serialisations: number };
  registry(): Registry;
}

/** How a run ended. */
export interface Ran {
  readonly answer: Answer;
  readonly readsIdentity: boolean;
  /** Its snapshot cannot be used any further. */
  readonly isSpent: boolean;
}

/** How often a query may lose its connection in a row before that is its answer: it may be what ends them. */
const MAX_LOST_RUNS = 3;

/** Runs one live query in a snapshot. @throws when its connection was lost: then it has no answer. */
export async function runQuery(parts: RunQueryParts, live: LiveQuery, connection: DatabaseConnection): Promise<Ran> {
  const { environment, limits, failures, counters, driver, tokens, longWork } = parts;
  const { call } = live;
  const run = new Run(parts.registry(), live.caller);
  counters.queryRuns++;
  try {
    const work = run.query(call, connection.db);
    const value = await withTimeLimit(environment, limits.queryTimeoutMs, call.path, work, () => connection.destroy());
    counters.serialisations++;
    const began = environment.now();
    const answer = encodeAnswer(live.id, call.path, value, limits.resultBytes, tokens, live.answer);
    longWork.done(answer.size, environment.now() - began);
    live.noteSuccess();
    return { answer, readsIdentity: run.readsIdentity, isSpent: connection.isSpent };
  } catch (error) {
    const isLate = error instanceof TimeLimitError;
    const failure = isLate ? "late" : driver.classify(error);
    live.noteFailure(failure === "connectionLost");
    if (failure === "connectionLost" && live.consecutiveLostRuns < MAX_LOST_RUNS) throw error;
    const isRetryable = failure !== "other" && failure !== "refusedWrite";
    const answer = encodeError(live.id, failures.toWireError(error, call.path, call.fn), isRetryable);
    // A statement that failed may have ended the transaction for every statement after it.
    const isSpent = isLate || connection.isSpent || !(await stillAnswers(parts, connection));
    return { answer, readsIdentity: run.readsIdentity, isSpent };
  }
}

function stillAnswers({ environment, limits }: RunQueryParts, connection: DatabaseConnection): Promise<boolean> {
  const probe = connection.execute("select 1");
  return withStatementTimeout(environment, limits.databaseTimeoutMs, connection, probe).then(Boolean, () => false);
}
