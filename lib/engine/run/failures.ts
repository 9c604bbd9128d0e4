import type { Environment } from "../../environment/environment.ts";
import type { RegisteredFunction } from "../../functions/define.ts";
import { InvalidCursorError } from "../../functions/pagination/cursor.ts";
import { BadRequestError, UnavailableError } from "../../protocol/function-error.ts";
import type { Issue, WireError } from "../../protocol/outcome.ts";
import { ConvexError } from "../../values/errors.ts";
import { toWire, type Wire } from "../../values/wire.ts";
import { MAX_ISSUES } from "./arguments.ts";
import type { EngineLimits } from "./limits.ts";
import { parseBy } from "./parse.ts";
import { shortText } from "./short-text.ts";

/** There is no such function, or none that this caller may name. */
export class UnknownFunctionError extends BadRequestError {
  override name = "UnknownFunctionError";
}

/** A function took longer than its time limit. */
export class TimeLimitError extends Error {
  override name = "TimeLimitError";
}

/** Bytes of a text that leaves the server: of a message, of an issue's message, of its path. */
const TEXT_BYTES = 1024;

/** Turns whatever a function threw into what its caller may see. The rest goes to the log, under an incident id. */
export class Failures {
  readonly #environment: Environment;
  readonly #development: boolean;
  readonly #limits: EngineLimits;

  constructor(environment: Environment, development: boolean, limits: EngineLimits) {
    this.#limits = limits;
    this.#environment = environment;
    this.#development = development;
  }

  /**
   * Its texts are short, whatever was thrown: they may hold what the caller has sent, and are kept for callers that ask again.
   * @param fn The function that was called, where one was found: its `errors` schema checks a `ConvexError`.
   */
  toWireError(error: unknown, path: string, fn?: RegisteredFunction): WireError {
    return withShortTexts(this.#whole(error, path, fn));
  }

  #whole(error: unknown, path: string, fn: RegisteredFunction | undefined): WireError {
    if (error instanceof BadRequestError) {
      const { message } = error;
      const issues = error.issues.length > 0 && { issues: [...error.issues] };
      const unknownFunction = error instanceof UnknownFunctionError && { unknownFunction: true as const };
      return { kind: "badRequest", message, ...issues, ...unknownFunction };
    }
    if (error instanceof InvalidCursorError) {
      const { message } = error;
      return { kind: "badRequest", message, issues: [{ path: ["paginationOpts", "cursor"], message }] };
    }
    if (error instanceof TimeLimitError) return this.#timedOut(error, path, fn);
    if (error instanceof UnavailableError) return this.#unavailable(error, path);
    if (error instanceof ConvexError) return this.#application(error, path, fn);
    return this.#internal(error, path);
  }

  #unavailable(error: UnavailableError, path: string): WireError {
    const { reason, message } = error;
    if (error.cause !== undefined) this.#environment.log.error(`${path} failed: ${message}`, { error, path });
    return { kind: "unavailable", reason, message };
  }

  /** A query or a mutation is rolled back then; what an action has done is not. */
  #timedOut(error: TimeLimitError, path: string, fn: RegisteredFunction | undefined): WireError {
    const isAction = fn?.kind === "action";
    const reason = isAction ? "outcomeUnknown" : "timedOut";
    const rest = isAction ? "What it did is not undone." : "Nothing was written; try again.";
    this.#environment.log.error(error.message, { error, path });
    const message = this.#development ? error.message : `The function took longer than its time limit. ${rest}`;
    return { kind: "unavailable", reason, message };
  }

  #application(error: ConvexError, path: string, fn: RegisteredFunction | undefined): WireError {
    const checked = fn?.errors && parseBy(fn.errors, error.data, path, "errors");
    if (checked?.success === false) {
      const problem = `threw a ConvexError whose data its \`errors\` schema does not accept: ${checked.error.message}`;
      return this.#internal(new TypeError(`${path} ${problem}`, { cause: error }), path);
    }
    let data: Wire;
    try {
      data = toWire(checked ? checked.data : error.data);
    } catch (cause) {
      return this.#internal(new TypeError(`${path} threw a ConvexError whose data cannot travel`, { cause }), path);
    }
    const bytes = Buffer.byteLength(JSON.stringify(data));
    const { resultBytes } = this.#limits;
    if (bytes > resultBytes) {
      const problem = `threw a ConvexError whose data takes ${bytes} bytes; the limit is ${resultBytes}. Pass less data.`;
      return this.#internal(new RangeError(`${path} ${problem}`), path);
    }
    return { kind: "application", data, ...(this.#development && { message: error.message }) };
  }

  #internal(error: unknown, path: string): WireError {
    const incident = this.#environment.randomId().slice(0, 12);
    this.#environment.log.error(`${path} failed (incident ${incident})`, { error, incident, path });
    if (!this.#development) return { kind: "internal", incident };
    return { kind: "internal", incident, path, message: innermostMessage(error) };
  }
}

function withShortTexts(error: WireError): WireError {
  if (error.message !== undefined) error.message = shortText(error.message, TEXT_BYTES);
  if (error.kind === "badRequest" && error.issues) error.issues = error.issues.slice(0, MAX_ISSUES).map(shortIssue);
  return error;
}

function shortIssue({ path, message }: Issue): Issue {
  let room = TEXT_BYTES;
  const parts: Issue["path"] = [];
  for (const part of path) {
    const short = typeof part === "string" ? shortText(part, room) : part;
    room -= Buffer.byteLength(String(short));
    if (room < 0) break;
    parts.push(short);
  }
  return { path: parts, message: shortText(message, TEXT_BYTES) };
}

/** Drizzle wraps what the database said; the author wants to read both. */
function innermostMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}\n${innermostMessage(cause)}` : error.message;
}
