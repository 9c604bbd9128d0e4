import type { Environment } from "../../environment/environment.ts";
import { TimeLimitError } from "./failures.ts";

/**
 * Settles as `work` does, or rejects with a `TimeLimitError` after `ms` milliseconds, after `onPassed` was called. What
 * `work` still does then is ignored: take from it in `onPassed` what it holds.
 * @param message Of the error.
 */
export function withTimeLimit<T>(
  environment: Environment,
  ms: number,
  what: string,
  work: Promise<T>,
  onPassed: () => void = () => {},
  message = `${what} took longer than ${ms} ms. Do less in it, or raise its time limit in server.ts.`,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = environment.after(ms, () => {
      onPassed();
      reject(new TimeLimitError(message));
    });
    work.then(
      (result) => {
        cancel();
        resolve(result);
      },
      (error) => {
        cancel();
        reject(error);
      },
    );
  });
}

/** Waits for `work`, but no longer than `ms` milliseconds. @returns whether it has ended. */
export function endsWithin(environment: Environment, ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = environment.after(ms, () => resolve(false));
    work.then(() => resolve(true), reject).finally(cancel);
  });
}
