import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Log } from "../environment/environment.ts";
import type { Identity } from "../functions/context.ts";
import type { WireError } from "../protocol/outcome.ts";

/**
 * Decides who is calling, for sockets, HTTP calls, server components and server actions alike. Return stable claims
 * only: whoever has other claims is somebody else, with pages and answers of their own.
 *
 * A throw refuses the call, and is logged; so does taking longer than 5 seconds.
 */
export type Identify = (request: { headers: Headers }) => Identity | null | Promise<Identity | null>;

/** Who is calling, or why nobody knows. */
export type Identified =
  | { ok: true; value: Identity | null }
  | { ok: false; error: Extract<WireError, { kind: "internal" }> };

const TIME_LIMIT = 5_000;

/** Asks `identify`, and makes sure of what it answers. Never throws: what it threw is in the log, under the incident. */
export async function askIdentity(
  { identify, log }: { identify: Identify; log: Log },
  headers: Headers,
): Promise<Identified> {
  try {
    return { ok: true, value: checked(await inTime(identify({ headers }))) };
  } catch (error) {
    const incident = randomBytes(6).toString("hex");
    log.error(`identify failed (incident ${incident})`, { error });
    return { ok: false, error: { kind: "internal", incident } };
  }
}

function checked(identity: Identity | null): Identity | null {
  if (identity === null) return null;
  if (typeof identity !== "object" || typeof identity.subject !== "string" || identity.subject === "") {
    throw new TypeError(
      "Expected `identify` (in server.ts) to return { subject: string, …claims } or null. " +
        `Found ${identity === undefined ? "undefined: does one of its branches lack a return?" : JSON.stringify(identity)}`,
    );
  }
  return identity;
}

async function inTime<T>(answer: T | Promise<T>): Promise<T> {
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

/** The headers of a request to Node, as everybody else knows them. */
export function toHeaders(incoming: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) headers.append(name, each);
  }
  return headers;
}
