import { randomBytes } from "node:crypto";
import type { Log } from "../environment/environment.ts";
import type { Identity } from "../functions/context.ts";
import type { WireError } from "../protocol/outcome.ts";
import { canonical } from "../values/canonical.ts";
import { AskedRequest, type FreshQuery, type IdentifyRequest, type KnownRequest } from "./identify-request.ts";

/**
 * The application's function that decides who is calling, for sockets, HTTP calls, server components and server actions.
 *
 * It returns `{ subject, …claims }`, or null for an anonymous caller. Return stable claims only: two identities that
 * differ in a claim are two callers, which share no answers.
 *
 * It is asked once for each socket, each call over HTTP, and each page that is rendered; in a server action once for each
 * call, because the action may have changed the cookies. If it throws, or takes longer than 5 seconds, the socket, the call
 * or the page is refused and the error is logged: that never means that the caller is anonymous.
 * @example
 * const identify: Identify = async ({ cookies, runQuery }) => {
 *   const token = cookies.get("session");
 *   if (token === undefined) return null;
 *   const user = await runQuery(internal.users.bySession, { token });
 *   return user && { subject: user.id };
 * };
 */
export type Identify = (request: IdentifyRequest) => Identity | null | Promise<Identity | null>;

/** The result of `identify`, or the error with which the request is refused. */
export type Identified =
  | { ok: true; value: Identity | null }
  | { ok: false; error: Extract<WireError, { kind: "internal" }> };

/** Milliseconds for `identify`, and for each query that it runs. */
export const IDENTIFY_TIME = 5_000;

/** Who is asked, and what helps to answer. */
export interface AskIdentityOptions {
  /** Decides who is calling. */
  readonly identify: Identify;
  /** Runs the queries of `identify`. */
  readonly engine: { readonly queryFresh: FreshQuery };
  /** Receives what `identify` throws. */
  readonly log: Log;
}

/**
 * Calls `identify` and checks what it returns. Never throws or rejects: what `identify` threw is logged with the incident
 * that the result names. Returns a promise only if `identify` does.
 */
export function askIdentity(
  { identify, engine, log }: AskIdentityOptions,
  request: KnownRequest,
): Identified | Promise<Identified> {
  const failed = (error: unknown): Identified => {
    const incident = randomBytes(6).toString("hex");
    log.error(`identify failed (incident ${incident})`, { error });
    return { ok: false, error: { kind: "internal", incident } };
  };
  try {
    const answer = identify(new AskedRequest(request, engine.queryFresh));
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
    timer = setTimeout(
      () => reject(new Error(`Expected identify to answer within ${IDENTIFY_TIME} ms.`)),
      IDENTIFY_TIME,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
