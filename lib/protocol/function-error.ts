import { ConvexError } from "../values/errors.ts";
import { fromWire } from "../values/wire.ts";
import type { Issue, UnavailableReason, WireError } from "./outcome.ts";

// `declare`: a field without it is assigned twice in what a browser loads.

/** Why a call or a query failed. A union; `kind` tells the members apart. */
export type FunctionError<Data = unknown> = ConvexError<Data> | BadRequestError | InternalError | UnavailableError;

/** There is no such function, or the arguments do not parse: `issues` says where and why. */
export class BadRequestError extends Error {
  override name = "BadRequestError";
  /** Tells this error from the other kinds of `FunctionError`. */
  readonly kind = "badRequest";
  /** What is wrong with the arguments, part by part. Empty: the mistake is another one, see the message. */
  declare readonly issues: readonly Issue[];

  /** @param issues Default: none. */
  constructor(message: string, issues: readonly Issue[] = []) {
    super(message);
    this.issues = issues;
  }
}

/** The function or the server failed. In production only the server's log says why, under this `incident` id. */
export class InternalError extends Error {
  override name = "InternalError";
  /** Tells this error from the other kinds of `FunctionError`. */
  readonly kind = "internal";
  /** Names the failure in the server's log. */
  declare readonly incident: string;
  /** The function that failed, such as `messages:send`. In development only. */
  declare readonly path: string | undefined;

  /** @param message Default: a sentence that names the incident. */
  constructor(incident: string, message?: string, path?: string) {
    super(message ?? `The server failed. Its log tells why under incident ${incident}.`);
    this.incident = incident;
    this.path = path;
  }
}

/** No connection, too much load, or an outcome that is not known. `reason` says whether the call may have happened. */
export class UnavailableError extends Error {
  override name = "UnavailableError";
  /** Tells this error from the other kinds of `FunctionError`. */
  readonly kind = "unavailable";
  /** What became of the call. Only `outcomeUnknown` may have happened. */
  declare readonly reason: UnavailableReason;

  /**
   * @param message One sentence for the user.
   * @param options Its `cause`, where there is one.
   */
  constructor(reason: UnavailableReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The error that a caller gets for one from the wire. */
export function toFunctionError(error: WireError): FunctionError {
  switch (error.kind) {
    case "application":
      return new ConvexError(fromWire(error.data));
    case "badRequest":
      return new BadRequestError(error.message, error.issues);
    case "unavailable":
      return new UnavailableError(error.reason, error.message);
    default:
      return new InternalError(error.incident, error.message, error.path);
  }
}
