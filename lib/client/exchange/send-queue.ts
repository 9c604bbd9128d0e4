import type { Cancel, Environment } from "../../environment/environment.ts";
import type { ClientMessage, Connect } from "../../protocol/client-message.ts";
import { TokenBucket } from "../../protocol/token-bucket.ts";
import type { PendingCalls } from "../calls/pending-calls.ts";
import type { Connection } from "../connection/connection.ts";
import type { QuerySet } from "../queries/query-set.ts";

/** Sends subscriptions and calls, in order, as fast as the server allows. */
export interface SendQueue {
  /** A new socket is open. */
  open(connect: Connect): void;
  /** Something may be due. What is requested in one tick is sent together. */
  schedule(): void;
  close(): void;
}

/** @param drained Called when no more can be sent now. */
export function sendQueue(
  environment: Environment,
  connection: Connection,
  queries: QuerySet,
  calls: PendingCalls,
  drained: () => void,
): SendQueue {
  let rate = new TokenBucket();
  let cancelTimer: Cancel = () => {};
  let isScheduled = false;

  /** Subscriptions follow `Connect` at once; calls wait for `Connected`, which says under which identity they run. */
  function next(): ClientMessage | undefined {
    const { isOpen, limits } = connection;
    return queries.next(limits) ?? (isOpen ? calls.next(limits) : undefined);
  }

  /** Sends what is due; what the rate does not allow now is sent by a timer. */
  function send(): void {
    cancelTimer();
    const { messagesPerSecond } = connection.limits;
    while (connection.canSend) {
      const wait = rate.wait(environment.now(), messagesPerSecond, messagesPerSecond);
      if (wait > 0) {
        cancelTimer = environment.after(wait, send);
        break;
      }
      const message = next();
      if (message === undefined) break;
      rate.take();
      connection.send(message);
    }
    drained();
  }

  return {
    open(connect) {
      rate = new TokenBucket();
      connection.send(connect);
      send();
    },
    schedule() {
      if (isScheduled) return;
      isScheduled = true;
      queueMicrotask(() => {
        isScheduled = false;
        send();
      });
    },
    close: () => cancelTimer(),
  };
}
