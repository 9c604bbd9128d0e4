/** The command line was used in a way that it does not know. The exit code is 2. */
export class UsageError extends Error {
  override name = "UsageError";
}
