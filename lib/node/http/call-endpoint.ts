import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { askIdentity, type Identify, NodeRequest } from "../../auth/identify.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Log } from "../../environment/environment.ts";
import type { FunctionKind } from "../../functions/reference.ts";
import { MessageTextError, parseMessageText } from "../../protocol/codec.ts";
import type { Outcome, UnavailableReason, WireError } from "../../protocol/outcome.ts";
import { ValueError } from "../../values/errors.ts";
import { fromWireWithin, type Wire } from "../../values/wire.ts";
import { clientAddress, type OriginRules, originAllowed } from "./origin.ts";
import { BodyTooLargeError, readBody } from "./read-body.ts";

/** What `httpEndpoint` takes. */
export interface HttpEndpointOptions extends OriginRules {
  /** Runs the functions. Its `limits.frameBytes` bounds the body of a request. */
  engine: Pick<Engine, "call" | "limits">;
  /** Decides who is calling; called once for each call. */
  identify: Identify;
  /** Receives what `identify` throws, and errors that the endpoint did not expect. */
  log: Log;
  /**
   * How many calls may run at the same time; further ones are answered with 503.
   * @default 1_000
   */
  calls?: number;
  /**
   * How many calls of one client address may run at the same time; further ones are answered with 429.
   * @default 64
   */
  callsPerAddress?: number;
}

/** The default of `HttpEndpointOptions.calls`. */
export const MOST_CALLS = 1_000;
/** The default of `HttpEndpointOptions.callsPerAddress`. */
export const MOST_CALLS_PER_ADDRESS = 64;

/**
 * Answers a request if its path is one of the endpoint's.
 * @param isDraining The server is about to stop: a call is refused with 503. Default: false.
 * @returns false when the path is another one; request and response are untouched then.
 */
export type HttpEndpoint = (request: IncomingMessage, response: ServerResponse, isDraining?: boolean) => boolean;

const CALL_PATH = /^\/api\/convex\/(query|mutation|action)\/?(?:\?.*)?$/;

const callBody = z.strictObject({
  path: z.string().min(3).max(512),
  // Not `z.record`: it drops names such as `__proto__`, which must be refused.
  args: z.unknown().optional(),
});

/**
 * Makes the endpoint of calls over HTTP: `POST /api/convex/{query,mutation,action}` with the JSON body `{ path, args }`
 * runs one public function. Arguments and value are in wire form: plain JSON, with tags for values that JSON lacks.
 * @returns the endpoint; pass it to `HttpServer.open` as `calls`.
 * @example
 * const calls = httpEndpoint({ engine, identify, log, trustProxy: settings.trustProxy });
 */
export function httpEndpoint(options: HttpEndpointOptions): HttpEndpoint {
  const { log, calls: most = MOST_CALLS, callsPerAddress = MOST_CALLS_PER_ADDRESS } = options;
  const running = new Map<string, number>();
  let total = 0;

  async function answer(kind: FunctionKind, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = clientAddress(request, options.trustProxy);
    const own = running.get(caller) ?? 0;
    if (total >= most || own >= callsPerAddress) {
      response.setHeader("Retry-After", "1");
      return send(
        response,
        own >= callsPerAddress ? 429 : 503,
        unavailable("overloaded", "Too many calls at once. Try again."),
      );
    }
    total++;
    running.set(caller, own + 1);
    try {
      const { status, outcome } = await call(kind, request, options);
      send(response, status, outcome);
    } finally {
      total--;
      const left = (running.get(caller) ?? 1) - 1;
      if (left === 0) running.delete(caller);
      else running.set(caller, left);
    }
  }

  return (request, response, isDraining = false) => {
    const kind = CALL_PATH.exec(request.url ?? "")?.[1] as FunctionKind | undefined;
    if (kind === undefined) return false;
    if (!allowed(request, response, options)) return true;
    if (isDraining) {
      response.setHeader("Retry-After", "1");
      send(response, 503, unavailable("notSent", "The server restarts. The call was not run; try again."));
      return true;
    }
    answer(kind, request, response).catch((error) => {
      const incident = crypto.randomUUID();
      log.error(`a call over HTTP failed (incident ${incident})`, { error });
      send(response, 500, { ok: false, error: { kind: "internal", incident } });
    });
    return true;
  };
}

/** Refuses what can be refused without the body, and answers the preflight request of a browser on another origin. */
function allowed(request: IncomingMessage, response: ServerResponse, rules: OriginRules): boolean {
  if (!originAllowed(request, rules)) {
    send(response, 403, badRequest("This origin may not call."));
    return false;
  }
  const { origin } = request.headers;
  if (origin !== undefined && rules.origins?.includes(origin)) {
    response.setHeader("Access-Control-Allow-Origin", origin);
    response.setHeader("Access-Control-Allow-Credentials", "true");
    response.setHeader("Vary", "Origin");
    if (request.method === "OPTIONS") {
      response.setHeader("Access-Control-Allow-Methods", "POST");
      response.setHeader("Access-Control-Allow-Headers", "content-type, authorization");
      response.writeHead(204).end();
      return false;
    }
  }
  if (request.method !== "POST") {
    response.setHeader("Allow", "POST");
    send(response, 405, badRequest(`Expected POST. Found ${request.method}.`));
    return false;
  }
  const type = request.headers["content-type"] ?? "";
  if (type.split(";")[0]?.trim().toLowerCase() !== "application/json") {
    send(response, 415, badRequest(`Expected Content-Type: application/json. Found ${type || "none"}.`));
    return false;
  }
  return true;
}

interface Answer {
  status: number;
  outcome: Outcome<Wire>;
}

async function call(kind: FunctionKind, request: IncomingMessage, options: HttpEndpointOptions): Promise<Answer> {
  const { engine } = options;
  let body: { path: string; args: Record<string, unknown> };
  try {
    body = parseBody(await readBody(request, engine.limits.frameBytes), engine.limits.argsDepth);
  } catch (error) {
    if (error instanceof BodyTooLargeError) return { status: 413, outcome: badRequest(error.message) };
    if (error instanceof BadBodyError) return { status: 400, outcome: badRequest(error.message) };
    throw error;
  }
  const caller = await askIdentity(options, new NodeRequest(request));
  if (!caller.ok) return { status: 500, outcome: caller };
  const outcome = await engine.call({ kind, path: body.path, args: body.args, caller: caller.value });
  return { status: statusOf(outcome), outcome };
}

/** The body is not a call. */
class BadBodyError extends Error {}

function parseBody(text: string, argsDepth: number): { path: string; args: Record<string, unknown> } {
  try {
    const body = callBody.safeParse(parseMessageText(text).value);
    if (!body.success) throw new BadBodyError(`Expected { path, args }. ${z.prettifyError(body.error)}`);
    const args = fromWireWithin(argsDepth, (body.data.args ?? {}) as Wire);
    if (!isRecord(args)) throw new BadBodyError("Expected args to be an object.");
    return { path: body.data.path, args };
  } catch (error) {
    if (error instanceof MessageTextError || error instanceof ValueError) throw new BadBodyError(error.message);
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function statusOf(outcome: Outcome<Wire>): number {
  if (outcome.ok) return 200;
  return outcome.error.kind === "badRequest" && outcome.error.unknownFunction ? 404 : STATUS[outcome.error.kind];
}

const STATUS = { application: 422, badRequest: 400, internal: 500, unavailable: 503 } satisfies Record<
  WireError["kind"],
  number
>;

function send(response: ServerResponse, status: number, outcome: Outcome<Wire>): void {
  if (response.headersSent) return;
  // The unread rest of a body would be parsed as the next request of this connection.
  if (!response.req.complete) response.setHeader("Connection", "close");
  const body = JSON.stringify(outcome);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
  });
  response.end(body);
}

function badRequest(message: string): Outcome<never> {
  return { ok: false, error: { kind: "badRequest", message } };
}

function unavailable(reason: UnavailableReason, message: string): Outcome<never> {
  return { ok: false, error: { kind: "unavailable", reason, message } };
}
