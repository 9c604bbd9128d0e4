import type { EngineLimits } from "../../lib/engine/run/limits.ts";

/**
 * How long tests wait for what must come, in milliseconds. A limit is there to end what hangs; it measures nothing, and
 * a test that passes never comes near it. Each is more than ten times what is needed on two cores where nothing else
 * runs, so that a test tells the same on a machine that has other things to do.
 */
export const patience = {
  /** For one fact: what a poll looks for, an element of a page, an answer of another process. */
  fact: 120_000,
  /** For a whole test or a hook, however many facts it waits for. */
  test: 900_000,
};

/**
 * For engines of tests that use the machine's clock: a slow machine exceeds none of them. A test sets the limit that it
 * is about itself.
 */
export const patientLimits: Partial<EngineLimits> = {
  handshakeTimeoutMs: patience.fact,
  silenceTimeoutMs: patience.fact,
  mutationTimeoutMs: patience.fact,
  queryTimeoutMs: patience.fact,
  databaseTimeoutMs: patience.fact,
};
