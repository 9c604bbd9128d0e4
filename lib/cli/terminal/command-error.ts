/** A command cannot do what it was asked. The message says why and what to do; the exit code is 1, and no stack is shown. */
export class CommandError extends Error {
  override name = "CommandError";
}
