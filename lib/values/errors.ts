/**
 * The error that a function throws on purpose: a mutation rolls back, and `data` reaches the caller. Any other error
 * reaches the caller as an `InternalError`.
 *
 * @example throw new ConvexError({ code: "channel-closed", channel })
 */
export class ConvexError<Data = unknown> extends Error {
  override name = "ConvexError";
  /** Tells this error from the other kinds of `FunctionError`. */
  readonly kind = "application";
  /** What the function has passed: of the type that its `errors` schema says, `unknown` without one. */
  declare readonly data: Data;

  /**
   * @param data What the caller gets: any value that can travel, such as JSON, a `Date` or a `Map`. Checked by the
   *   function's `errors` schema if it has one.
   */
  constructor(data: Data) {
    super(typeof data === "string" ? data : `ConvexError: ${printed(data)}`);
    this.data = data;
  }
}

function printed(data: unknown): string {
  try {
    return JSON.stringify(data) ?? String(data);
  } catch {
    return String(data);
  }
}

/** A value that cannot travel between server and client. The message names the place of the part that cannot. */
export class ValueError extends Error {
  override name = "ValueError";
  /** The keys and indexes that lead to the part. Empty: the value itself. */
  declare readonly path: readonly (string | number)[];
  /** The end of the sentence that begins with the part, such as `is a function, which cannot travel`. */
  declare readonly problem: string;

  constructor(path: readonly (string | number)[], problem: string) {
    super(`The value${path.length > 0 ? ` at "${path.join(".")}"` : ""} ${problem}.`);
    this.path = [...path];
    this.problem = problem;
  }
}
