/**
 * The error an author throws on purpose: it rolls back, and its `data` reaches the caller.
 *
 * @example throw new ConvexError({ code: "channel-closed", channel })
 */
export class ConvexError<Data = unknown> extends Error {
  override name = "ConvexError";
  readonly kind = "application";
  readonly data: Data;

  /** @param data What the caller gets to see. Any value that can travel; checked by the function's `errors` schema if it has one. */
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

/** A value that cannot travel between server and client. The message names where in the value it sits. */
export class ValueError extends Error {
  override name = "ValueError";
  readonly path: readonly (string | number)[];
  readonly problem: string;

  constructor(path: readonly (string | number)[], problem: string) {
    super(`The value${path.length > 0 ? ` at "${path.join(".")}"` : ""} ${problem}.`);
    this.path = [...path];
    this.problem = problem;
  }
}
