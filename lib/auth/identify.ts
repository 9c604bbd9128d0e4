import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Log } from "../environment/environment.ts";
import type { Identity } from "../functions/context.ts";
import type { WireError } from "../protocol/outcome.ts";
import { canonical } from "../values/canonical.ts";

/**
 * The application's function that decides who is calling, for sockets, HTTP calls, server components and server actions.
 *
 * It returns `{ subject, …claims }`, or null for an anonymous caller. Return stable claims only: two identities that
 * differ in a claim are two callers, which share no answers.
 *
 * If it throws, or takes longer than 5 seconds, the socket or call is refused and the error is logged.
 * @example
 * const identify: Identify = ({ headers }) => {
 *   const user = readSession(headers.get("cookie"));
 *   return user && { subject: user.id };
 * };
 */
export type Identify = (request: IdentifyRequest) => Identity | null | Promise<Identity | null>;

/** The request of which `identify` decides who sent it. */
export interface IdentifyRequest {
  /** Its headers: for a socket those of the upgrade; for a server component those of the page's request. */
  readonly headers: Headers;
}

/** The result of `identify`, or the error with which the request is refused. */
export type Identified =
  | { ok: true; value: Identity | null }
  | { ok: false; error: Extract<WireError, { kind: "internal" }> };

/** Milliseconds. */
const TIME_LIMIT = 5_000;

/**
 * Calls `identify` and checks what it returns. Never throws or rejects: what `identify` threw is logged with the incident
 * that the result names. Returns a promise only if `identify` does.
 */
export function askIdentity(
  { identify, log }: { identify: Identify; log: Log },
  request: IdentifyRequest,
): Identified | Promise<Identified> {
  const failed = (error: unknown): Identified => {
    const incident = randomBytes(6).toString("hex");
    log.error(`identify failed (incident ${incident})`, { error });
    return { ok: false, error: { kind: "internal", incident } };
  };
  try {
    const answer = identify(request);
    return isPromise(answer) ? inTime(answer).then(checked).catch(failed) : checked(answer);
  } catch (error) {
    return failed(error);
  }
}

function checked(identity: Identity | null): Identified {
  if (identity === null) return ANONYMOUS;
  if (typeof identity !== "object" || typeof identity.subject !== "string" || identity.subject === "") {
    throw new TypeError(
      "Expected `identify` (in server.ts) to return { subject: string, …claims } or null. " +
        `Found ${identity === undefined ? "undefined: does one of its branches lack a return?" : JSON.stringify(identity)}`,
    );
  }
  // Throws for a claim that is not serialisable: such identities cannot be compared.
  canonical(identity);
  return { ok: true, value: identity };
}

const ANONYMOUS: Identified = Object.freeze({ ok: true, value: null });

function isPromise<T>(answer: T | Promise<T>): answer is Promise<T> {
  return typeof (answer as Partial<Promise<T>> | null)?.then === "function";
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Expected identify to answer within ${TIME_LIMIT} ms.`)), TIME_LIMIT);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A request of Node's HTTP server. Its `Headers` are made on first use, because not every `identify` reads them. */
export class NodeRequest implements IdentifyRequest {
  readonly #incoming: IncomingMessage;
  #headers: Headers | undefined;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
  }

  get headers(): Headers {
    this.#headers ??= toHeaders(this.#incoming.headers);
    return this.#headers;
  }
}

function toHeaders(incoming: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) headers.append(name, each);
  }
  return headers;
}
