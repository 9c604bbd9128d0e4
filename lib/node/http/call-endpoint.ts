import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { askIdentity, type Identify } from "../../auth/identify.ts";
import { NodeRequest } from "../../auth/identify-request.ts";
import type { Engine } from "../../engine/engine.ts";
import { type Environment, type Log, machineEnvironment } from "../../environment/environment.ts";
import type { FunctionKind } from "../../functions/reference.ts";
import { MessageTextError, parseMessageText } from "../../protocol/codec.ts";
import { encodeFailure, successParts } from "../../protocol/encode.ts";
import type { Outcome, UnavailableReason, WireError } from "../../protocol/outcome.ts";
import { ValueError } from "../../values/errors.ts";
import { fromWireWithin, type Wire } from "../../values/wire.ts";
import { clientAddress, ownAddress } from "../admission/client-address.ts";
import { OriginCheck, type OriginRules } from "../admission/origin.ts";
import { type NoSlot, Slots } from "../admission/slots.ts";
import { Answers } from "./answers.ts";
import { BodyLostError, BodyTooLargeError, BodyTooSlowError, readBody } from "./read-body.ts";

/** What `httpEndpoint` takes. */
export interface HttpEndpointOptions extends OriginRules {
  /** Runs the functions. Its `limits.frameBytes` bounds the body of a request. */
  engine: Pick<Engine, "callAsText" | "queryFresh" | "limits" | "messageBudget" | "longWork">;
  /** Decides who is calling; called once for each call. */
  identify: Identify;
  /** Receives what `identify` throws, errors that the endpoint did not expect, and the origins that are refused. */
  log: Log;
  /**
   * How many calls may be read, run and answered at the same time; further ones are answered with 503.
   * @default 1_000
   */
  calls?: number;
  /**
   * How many of them may be of one client address; further ones are answered with 429.
   * @default 64
   */
  callsPerAddress?: number;
  /**
   * Time and timers, for tests.
   * @default the machine's.
   */
  clock?: Pick<Environment, "now" | "after">;
}

/** The default of `HttpEndpointOptions.calls`. */
export const MOST_CALLS = 1_000;
/** The default of `HttpEndpointOptions.callsPerAddress`. */
export const MOST_CALLS_PER_ADDRESS = 64;
/** Milliseconds until the whole body of a call has to be there. */
export const MOST_BODY_MS = 10_000;

/** What the server knows of a request. */
export interface RequestFacts {
  /**
   * Its path, without the query and without the `basePath` of the pages.
   * @default the path of its URL
   */
  path?: string;
  /**
   * The server is about to stop: a call is refused with 503.
   * @default false
   */
  isDraining?: boolean;
}

/**
 * Answers a request if its path is one of the endpoint's.
 * @returns false when the path is another one; request and response are untouched then.
 */
export type HttpEndpoint = (request: IncomingMessage, response: ServerResponse, facts?: RequestFacts) => boolean;

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
  const { log, calls = MOST_CALLS, callsPerAddress = MOST_CALLS_PER_ADDRESS } = options;
  const clock = options.clock ?? machineEnvironment(log);
  const origins = new OriginCheck(options, log, clock);
  const slots = new Slots(calls, callsPerAddress);
  const answers = new Answers(clock);

  function send(response: ServerResponse, { status, outcome, headers }: Answered): void {
    const all = { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers };
    answers.send(response, { status, headers: all, body: partsOf(outcome) });
  }

  async function answer(kind: FunctionKind, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const slot = slots.take(clientAddress(request, options.trustProxy));
    if (typeof slot === "string") return send(response, noSlot(slot));
    try {
      send(response, await call(kind, request, options, clock, goneWith(response)));
    } catch (error) {
      if (!(error instanceof BodyLostError)) send(response, failed(log, error));
    }
    // What is not read yet is held in memory: the call has its slot until the client has read it, or has left.
    if (response.destroyed) slot();
    else response.once("close", slot);
  }

  return (request, response, { path = request.url ?? "", isDraining = false } = {}) => {
    const kind = CALL_PATH.exec(path)?.[1] as FunctionKind | undefined;
    if (kind === undefined) return false;
    if (!origins.allows(request)) send(response, refused(403, "This origin may not call."));
    else if (allowReading(request, response, options) && request.method === "OPTIONS") admitOtherOrigin(response);
    else {
      const refusal = refusalOf(request) ?? (isDraining ? restarting() : undefined);
      if (refusal) send(response, refusal);
      else void answer(kind, request, response);
    }
    return true;
  };
}

/** Lets pages of a listed origin read the answer. @returns whether the request's origin is one. */
function allowReading({ headers }: IncomingMessage, response: ServerResponse, { origins = [] }: OriginRules): boolean {
  const { origin } = headers;
  if (origin === undefined || !origins.includes(origin)) return false;
  response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Access-Control-Allow-Credentials", "true");
  response.setHeader("Vary", "Origin");
  return true;
}

/** Answers the preflight request of a browser, which asks for another origin's page. */
function admitOtherOrigin(response: ServerResponse): void {
  response.setHeader("Access-Control-Allow-Methods", "POST");
  response.setHeader("Access-Control-Allow-Headers", "content-type, authorization");
  response.writeHead(204).end();
}

/** How a call is answered. */
export interface Answered {
  status: number;
  /** Its value as wire text. */
  outcome: Outcome<string>;
  headers?: Record<string, string>;
}

/** Refuses what can be refused without the body. */
function refusalOf({ method, headers }: IncomingMessage): Answered | undefined {
  if (method !== "POST") return { ...refused(405, `Expected POST. Found ${method}.`), headers: { Allow: "POST" } };
  const type = headers["content-type"] ?? "";
  if (type.split(";")[0]?.trim().toLowerCase() === "application/json") return undefined;
  return refused(415, `Expected Content-Type: application/json. Found ${type || "none"}.`);
}

async function call(
  kind: FunctionKind,
  request: IncomingMessage,
  options: HttpEndpointOptions,
  clock: Pick<Environment, "now" | "after">,
  signal: AbortSignal,
): Promise<Answered> {
  const { limits, messageBudget } = options.engine;
  let body: Body;
  try {
    const text = await readBody(request, { bytes: limits.frameBytes, ms: MOST_BODY_MS }, clock);
    if (!messageBudget.admits(text.length)) return busy(503);
    const parsed = await parseInTurn(text, options, clock);
    if (!parsed) return busy(503);
    body = parsed;
  } catch (error) {
    if (error instanceof BodyTooLargeError) return refused(413, error.message);
    if (error instanceof BodyTooSlowError) return { status: 408, outcome: unavailable("timedOut", error.message) };
    if (error instanceof BadBodyError) return refused(400, error.message);
    throw error;
  }
  const { weight, ...named } = body;
  messageBudget.take(weight);
  try {
    const caller = await askIdentity(options, new NodeRequest(request));
    if (!caller.ok) return { status: 500, outcome: caller };
    const address = ownAddress(request, options.trustProxy);
    const outcome = await options.engine.callAsText({ kind, ...named, caller: caller.value, address, signal });
    return { status: statusOf(outcome), outcome };
  } finally {
    messageBudget.release(weight);
  }
}

/** Aborted when the client has left before it was answered. */
export function goneWith(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** The body is not a call. */
class BadBodyError extends Error {}

/** A call, and what it weighs: see `parseMessageText`. */
interface Body {
  readonly path: string;
  readonly args: Record<string, unknown>;
  readonly weight: number;
}

/**
 * A long body waits for its turn, and counts while it does.
 * @returns undefined when its turn has not come in `limits.heldTimeoutMs`.
 * @throws {BadBodyError}
 */
async function parseInTurn(
  text: string,
  { engine: { limits, messageBudget, longWork } }: HttpEndpointOptions,
  clock: Pick<Environment, "now">,
): Promise<Body | undefined> {
  messageBudget.take(text.length);
  try {
    if (!(await longWork.turnWithin(text.length, limits.heldTimeoutMs))) return undefined;
    const began = clock.now();
    try {
      return parseBody(text, limits.argsDepth);
    } finally {
      longWork.doneReading(text.length, clock.now() - began);
    }
  } finally {
    messageBudget.release(text.length);
  }
}

/** @throws {BadBodyError} */
function parseBody(text: string, argsDepth: number): Body {
  try {
    const { value, weight } = parseMessageText(text);
    const body = callBody.safeParse(value);
    if (!body.success) throw new BadBodyError(`Expected { path, args }. ${z.prettifyError(body.error)}`);
    const args = fromWireWithin(argsDepth, (body.data.args ?? {}) as Wire);
    if (!isRecord(args)) throw new BadBodyError("Expected args to be an object.");
    return { path: body.data.path, args, weight };
  } catch (error) {
    if (error instanceof MessageTextError || error instanceof ValueError) throw new BadBodyError(error.message);
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** An outcome as text, in parts. */
export function partsOf(outcome: Outcome<string>): string[] {
  return outcome.ok ? successParts(outcome.value) : [encodeFailure(outcome.error)];
}

/** The status of an HTTP answer with this outcome. */
export function statusOf(outcome: Outcome<unknown>): number {
  if (outcome.ok) return 200;
  return outcome.error.kind === "badRequest" && outcome.error.unknownFunction ? 404 : STATUS[outcome.error.kind];
}

const STATUS = { application: 422, badRequest: 400, internal: 500, unavailable: 503 } satisfies Record<
  WireError["kind"],
  number
>;

/** An answer to a request that is no call. */
export function refused(status: number, message: string): Answered {
  return { status, outcome: { ok: false, error: { kind: "badRequest", message } } };
}

function noSlot(reason: NoSlot): Answered {
  return busy(reason === "addressFull" ? 429 : 503);
}

function busy(status: 429 | 503): Answered {
  const outcome = unavailable("overloaded", "Too many calls at once. Try again.");
  return { status, outcome, headers: { "Retry-After": "1" } };
}

/** The answer while the server stops. */
export function restarting(): Answered {
  const outcome = unavailable("notSent", "The server restarts. The call was not run; try again.");
  return { status: 503, outcome, headers: { "Retry-After": "1" } };
}

/** The answer when this server has failed. */
export function failed(log: Log, error: unknown): Answered {
  const incident = crypto.randomUUID();
  log.error(`a call over HTTP failed (incident ${incident})`, { error });
  return { status: 500, outcome: { ok: false, error: { kind: "internal", incident } } };
}

function unavailable(reason: UnavailableReason, message: string): Outcome<never> {
  return { ok: false, error: { kind: "unavailable", reason, message } };
}
