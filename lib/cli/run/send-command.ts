import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { Outcome } from "../../protocol/outcome.ts";
import type { Wire } from "../../values/wire.ts";
import { CommandError } from "../terminal/command-error.ts";
import type { CommandServer } from "./find-server.ts";

/** One function to run, as the endpoint of commands takes it: see `commandEndpoint`. */
export interface SentCommand {
  readonly path: string;
  readonly args: Wire;
  readonly identity: Wire;
  readonly watch: boolean;
}

/** The server ended, or the connection to it did, before it had answered. */
export class ServerLostError extends CommandError {}

/**
 * Sends a command to a server, and yields its outcome: with `watch` each, until the server stops. It waits as long as the
 * function takes. `fetch` would give up after five minutes.
 * @throws {ServerLostError} when the server cannot be reached or is lost.
 * @throws {CommandError} when it takes no commands.
 */
export async function* sendCommand(server: CommandServer, command: SentCommand): AsyncGenerator<Outcome<Wire>> {
  const response = await post(server, command);
  try {
    if (response.headers["content-type"] !== "application/x-ndjson") {
      yield outcomeIn(await text(response), response, server);
      return;
    }
    for await (const line of createInterface(response)) yield outcomeIn(line, response, server);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new ServerLostError(`The connection to ${server.url} was lost (${messageOf(error)}).`);
  }
}

async function post({ url, token }: CommandServer, command: SentCommand): Promise<IncomingMessage> {
  const request = url.startsWith("https:") ? httpsRequest : httpRequest;
  const sent = request(`${url}/_convex/run`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
  });
  const answered = once(sent, "response");
  sent.end(JSON.stringify(command));
  try {
    const [response] = (await answered) as [IncomingMessage];
    return response;
  } catch (error) {
    throw new ServerLostError(`The server at ${url} cannot be reached (${messageOf(error)}).`);
  }
}

function outcomeIn(body: string, { statusCode }: IncomingMessage, { url }: CommandServer): Outcome<Wire> {
  let outcome: unknown;
  try {
    outcome = JSON.parse(body);
  } catch {}
  if (typeof outcome === "object" && outcome !== null && "ok" in outcome) return outcome as Outcome<Wire>;
  throw new CommandError(
    `The server at ${url} takes no commands (it answered ${statusCode}). In production it does if it is started with ` +
      "CONVEX_LITE_ADMIN=1. A server.ts that wires its parts by hand passes `commands: commandEndpoint(…)` to `http.open`.",
  );
}

/** Of a host with several addresses, Node's error has a cause for each and no message. */
function messageOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
