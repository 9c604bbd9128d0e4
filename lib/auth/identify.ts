import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Log } from "../environment/environment.ts";
import type { Identity } from "../functions/context.ts";
import type { WireError } from "../protocol/outcome.ts";
import { canonical } from "../values/canonical.ts";

/**
 * Decides who is calling, for sockets, HTTP calls, server components and server actions alike. Return stable claims
 * only: whoever has other claims is somebody else, with pages and answers of their own.
 *
 * A throw refuses the call, and is logged; so does taking longer than 5 seconds.
 */
export type Identify = (request: IdentifyRequest) => Identity | null | Promise<Identity | null>;

/** What a caller shows of itself. */
export interface IdentifyRequest {
  readonly headers: Headers;
}

/** Who is calling, or why nobody knows. */
export type Identified =
  | { ok: true; value: Identity | null }
  | { ok: false; error: Extract<WireError, { kind: "internal" }> };

const TIME_LIMIT = 5_000;

/**
 * Asks `identify`, and makes sure of what it answers. Never throws or rejects: what it threw is in the log, under the
 * incident. Answers at once where `identify` does.
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
  if (identity === null) return NOBODY;
  if (typeof identity !== "object" || typeof identity.subject !== "string" || identity.subject === "") {
    throw new TypeError(
      "Expected `identify` (in server.ts) to return { subject: string, …claims } or null. " +
        `Found ${identity === undefined ? "undefined: does one of its branches lack a return?" : JSON.stringify(identity)}`,
    );
  }
  // Whoever has a claim that cannot be compared is nobody in particular: it throws.
  canonical(identity);
  return { ok: true, value: identity };
}

const NOBODY: Identified = Object.freeze({ ok: true, value: null });

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

/** A request to Node, as everybody else knows them. Its headers are made when they are asked for: not every app does. */
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
