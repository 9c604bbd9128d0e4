import type { Subscribe } from "../../protocol/client-message.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import type { EngineLimits } from "../run/limits.ts";
import { ProtocolViolation } from "../sockets/message-reader.ts";
import type { ClientView } from "../views/client-view.ts";

/**
 * Lets a client watch the queries that it asks for, as many and as large as one client may watch.
 * @returns what to close the socket with, if the client asks for more.
 */
export function subscribeWithinLimits(
  view: ClientView,
  { queries }: Subscribe,
  { subscriptions, keptArgsBytes }: EngineLimits,
): ProtocolViolation | undefined {
  if (view.size + queries.length > subscriptions) {
    return new ProtocolViolation(CloseCode.tooMany, `A client may watch ${subscriptions} queries at a time.`);
  }
  for (const { query, path, args, token } of queries) {
    if (view.has(query)) return new ProtocolViolation(CloseCode.badMessage, `Query ${query} is in use.`);
    view.subscribe(query, path, args, token);
    if (view.bytes > keptArgsBytes) {
      const reason = `The arguments of a client's queries may take ${keptArgsBytes} bytes together.`;
      return new ProtocolViolation(CloseCode.tooMany, reason);
    }
  }
  return undefined;
}
