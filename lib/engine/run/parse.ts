/** A zod schema of an author's, as far as the engine calls it. */
interface Schema {
  safeParse(value: unknown): Parsed;
}

/** A fault that a schema has found. */
export interface ParseIssue {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** What a schema has made of a value. */
export type Parsed =
  | { success: true; data: unknown }
  | { success: false; error: { message: string; issues: ParseIssue[] } };

/**
 * Parses a value by a schema of a function.
 * @param schema Which one it is, such as `args`.
 * @throws {TypeError} when a part of the schema is asynchronous: a value is parsed in one step.
 */
export function parseBy(schema: Schema, value: unknown, path: string, name: "args" | "returns" | "errors"): Parsed {
  try {
    return schema.safeParse(value);
  } catch (error) {
    // By its name: the author's zod may be another copy than ours.
    if (!(error instanceof Error) || error.constructor.name !== "$ZodAsyncError") throw error;
    throw new TypeError(
      `Expected \`${name}\` of ${path} without asynchronous refinements and transforms. Found one that returns a promise. ` +
        "Do that check in the handler.",
      { cause: error },
    );
  }
}
