import type { Environment } from "../../environment/environment.ts";
import { toFunctionError } from "../../protocol/function-error.ts";
import type { Connected, ServerMessage } from "../../protocol/server-message.ts";
import { fromWire } from "../../values/wire.ts";
import type { PendingCalls } from "../calls/pending-calls.ts";
import type { Connection } from "../connection/connection.ts";
import type { PreloadedAnswers } from "../queries/preloaded-answers.ts";
import type { ServerAnswers } from "../queries/server-answers.ts";

/**
 * @param changed Called when the stores have changed.
 * @returns takes a message of the server into the stores, and throws when it is malformed. How deep a message is nested is
 *   checked where it is followed: by `fromWire`.
 */
export function messageReceiver(
  environment: Environment,
  connection: Connection,
  answers: ServerAnswers,
  preloaded: PreloadedAnswers,
  calls: PendingCalls,
  changed: () => void,
): (message: ServerMessage) => void {
  return (message) => {
    switch (message.type) {
      case "Connected":
        connected(message);
        break;
      case "Transition":
        answers.apply(message);
        calls.reflected(message.reflected ?? []);
        break;
      case "Patch":
        answers.apply({ at: message.at, answers: [message] });
        break;
      case "MutationSucceeded":
      case "ActionSucceeded":
        calls.succeeded(message.request, fromWire(message.value));
        break;
      case "MutationFailed":
      case "ActionFailed":
        calls.failed(message.request, toFunctionError(message.error));
        break;
      case "Draining":
        // Spread, so that the clients of one server do not come back at the same moment.
        connection.returnAfterMs = Math.ceil(message.returnAfterMs * (1 + environment.random() / 4));
        return;
      case "Notice":
        return environment.log.warn(message.message);
      case "Ping":
        return connection.send({ type: "Pong" });
      case "Pong":
        return;
      default:
        message satisfies never;
        throw new Error("Unknown type.");
    }
    changed();
    if (connection.isOpen && !answers.isWaiting) connection.synced();
  };

  function connected({ epoch, identity, limits }: Connected): void {
    const isChanged = connection.identity !== undefined && connection.identity !== identity;
    answers.connected(epoch);
    connection.identity = identity;
    if (isChanged) {
      // What belongs to the old identity ends: its answers are not shown again, and no call that waits is sent as the new one.
      answers.forget();
      calls.drop("identityChanged", "The identity changed.");
    }
    const isMissed = preloaded.verify(identity);
    connection.connected(limits);
    if (isMissed || (isChanged && calls.isClientIdUsed)) reconnect(calls, connection);
  }
}

/** Connects again, under a new client id if no mutation is lost by it: the server identifies the caller anew. */
export function reconnect(calls: PendingCalls, connection: Connection): void {
  calls.renewClientId();
  connection.renew();
}
