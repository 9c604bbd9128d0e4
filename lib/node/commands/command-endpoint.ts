import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";
import { type Environment, type Log, machineEnvironment } from "../../environment/environment.ts";
import { MessageTextError, parseMessageText } from "../../protocol/codec.ts";
import { BadRequestError } from "../../protocol/function-error.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { Wire } from "../../values/wire.ts";
import { OriginCheck, type OriginRules } from "../admission/origin.ts";
import { shown } from "../admission/refusal-log.ts";
import { Answers } from "../http/answers.ts";
import {
  type Answered,
  failed,
  goneWith,
  type HttpEndpoint,
  MOST_BODY_MS,
  partsOf,
  refused,
  restarting,
  statusOf,
} from "../http/call-endpoint.ts";
import { BodyLostError, BodyTooLargeError, BodyTooSlowError, readBody } from "../http/read-body.ts";
import { callOf, commandBody, commandFailure, runCommand } from "./run-command.ts";

/** What `commandEndpoint` takes. */
export interface CommandEndpointOptions extends OriginRules {
  /** Runs the functions. Its `limits.frameBytes` bounds the body of a request. */
  engine: Pick<Engine, "functions" | "limits" | "callAsText" | "watch">;
  /** What a command has to name: `HttpServer.token`. Undefined: commands are not taken, and their path is left to Next. */
  token: string | undefined;
  /** Receives what was run, and the origins that are refused. */
  log: Log;
  /**
   * Time and timers, for tests.
   * @default the machine's.
   */
  clock?: Pick<Environment, "now" | "after">;
}

/** Where commands are sent, below the address of the server. */
export const COMMAND_PATH = "/_convex/run";

/**
 * Makes the endpoint of `convex-lite run`: `POST /_convex/run` with the token as `Authorization: Bearer` and the JSON body
 * `{ path, args, identity, watch }` runs any function, internal ones too, as any identity. Arguments, identity and value are
 * in wire form. With `watch` a query is answered by a line of JSON for each of its answers, until the client leaves.
 * @returns the endpoint; pass it to `HttpServer.open` as `commands`.
 * @example
 * const commands = commandEndpoint({ engine, log, token: http.token, trustProxy: settings.trustProxy });
 */
export function commandEndpoint(options: CommandEndpointOptions): HttpEndpoint {
  const { engine, token, log } = options;
  const clock = options.clock ?? machineEnvironment(log);
  const origins = new OriginCheck(options, log, clock);
  const answers = new Answers(clock);

  function send(response: ServerResponse, { status, outcome, headers }: Answered): void {
    const all = { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers };
    answers.send(response, { status, headers: all, body: partsOf(outcome) });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { watch, ...command } = await readCommand(request, engine.limits.frameBytes, clock);
      log.info(`${shown(command.path)} is ${watch ? "watched" : "run"} from the command line`);
      if (watch) return await stream(engine, command, response);
      const outcome = await runCommand(engine, command);
      send(response, { status: statusOf(outcome), outcome });
    } catch (error) {
      if (error instanceof BodyLostError) return;
      if (response.headersSent) response.destroy();
      send(response, refusalFor(error) ?? failed(log, error));
    }
  }

  return (request, response, { path = request.url ?? "", isDraining = false } = {}) => {
    if (token === undefined || path.split("?", 1)[0] !== COMMAND_PATH) return false;
    const refusal = refusalOf(request, token, origins) ?? (isDraining ? restarting() : undefined);
    if (refusal) send(response, refusal);
    else void answer(request, response);
    return true;
  };
}

/** Refuses what can be refused without the body. */
function refusalOf(request: IncomingMessage, token: string, origins: OriginCheck): Answered | undefined {
  const { method, headers } = request;
  if (!origins.allows(request)) return refused(403, "This origin may not run commands.");
  if (method !== "POST")
    return { ...refused(405, `Expected POST. Found ${shown(method)}.`), headers: { Allow: "POST" } };
  if (!isEqual(headers.authorization ?? "", `Bearer ${token}`)) {
    const message =
      "Expected Authorization: Bearer, with the token in .convex/server.json of this start of the server.";
    return { ...refused(401, message), headers: { "WWW-Authenticate": "Bearer" } };
  }
  const type = headers["content-type"] ?? "";
  if (type.split(";")[0]?.trim().toLowerCase() === "application/json") return undefined;
  return refused(415, `Expected Content-Type: application/json. Found ${shown(type)}.`);
}

/** Takes the same time wherever the texts differ. */
function isEqual(found: string, expected: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(found), hash(expected));
}

function refusalFor(error: unknown): Answered | undefined {
  if (error instanceof BodyTooLargeError) return refused(413, error.message);
  if (error instanceof BodyTooSlowError) return refused(408, error.message);
  if (error instanceof MessageTextError) return refused(400, error.message);
  if (!(error instanceof BadRequestError)) return undefined;
  const outcome = commandFailure(error);
  return { status: statusOf(outcome), outcome };
}

async function readCommand(request: IncomingMessage, bytes: number, clock: Pick<Environment, "after">) {
  const { value } = parseMessageText(await readBody(request, { bytes, ms: MOST_BODY_MS }, clock));
  const body = commandBody.safeParse(value);
  if (!body.success)
    throw new BadRequestError(`Expected { path, args, identity, watch }. ${z.prettifyError(body.error)}`);
  const { path, args = {}, identity = null, watch } = body.data;
  return { path, args: args as Wire, identity: identity as Wire, watch };
}

/** Answers with a line for each answer of a query, as fast as the client reads them. */
async function stream(
  engine: CommandEndpointOptions["engine"],
  command: Parameters<typeof callOf>[1],
  response: ServerResponse,
): Promise<void> {
  const call = callOf(engine, command);
  if (call.kind !== "query") throw new BadRequestError(`Expected a query to watch. ${call.path} is a ${call.kind}.`);
  const signal = goneWith(response);
  response.writeHead(200, { "Content-Type": "application/x-ndjson", "Cache-Control": "no-store" });
  await engine.watch({ ...call, signal }, async (outcome: Outcome<string>) => {
    const hasRoom = response.write(`${partsOf(outcome).join("")}\n`);
    if (!hasRoom && !signal.aborted) await once(response, "drain", { signal });
  });
  response.end();
}
