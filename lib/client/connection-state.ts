import { backoff } from "./backoff.ts";

/**
 * How we are connected. `attempt` counts what has failed in a row; an open connection keeps it until it has synced, so
 * that a server which accepts and then drops us is not hammered.
 */
export type ConnectionPhase =
  /** Nothing has asked for a connection yet, or nothing needs one any more. */
  | { readonly state: "idle" }
  /** A socket is being opened, or `Connected` has not arrived yet. */
  | { readonly state: "connecting"; readonly attempt: number }
  | { readonly state: "open"; readonly attempt: number }
  | { readonly state: "waiting"; readonly attempt: number; readonly retryAt: number }
  /** For good. */
  | { readonly state: "stopped" };

export type ConnectionEvent =
  /** Something is watched or called. */
  | { type: "wanted" }
  /** The server has said `Connected`. */
  | { type: "connected" }
  /** Every question asked on this connection has been answered. */
  | { type: "synced" }
  /** The socket is gone. `returnAfter`: when the server told us when to come back. */
  | { type: "lost"; now: number; jitter: number; cap: number; returnAfter?: number | undefined }
  /** The wait is over, or there is reason to believe that it works again. */
  | { type: "retry" }
  /** We closed the socket on purpose and open another at once. */
  | { type: "renewed" }
  /** Nothing needs the connection any more. */
  | { type: "rested" }
  | { type: "stopped" };

/** The only place where a connection changes its state. */
export function next(from: ConnectionPhase, event: ConnectionEvent): ConnectionPhase {
  if (from.state === "stopped") return from;
  switch (event.type) {
    case "wanted":
      return from.state === "idle" ? { state: "connecting", attempt: 0 } : from;
    case "connected":
      return from.state === "connecting" ? { state: "open", attempt: from.attempt } : from;
    case "synced":
      return from.state === "open" ? { state: "open", attempt: 0 } : from;
    case "lost":
      return from.state === "connecting" || from.state === "open" ? waiting(from.attempt + 1, event) : from;
    case "retry":
      return from.state === "waiting" ? { state: "connecting", attempt: from.attempt } : from;
    case "renewed":
      return from.state === "open" ? { state: "connecting", attempt: from.attempt } : from;
    case "rested":
      return { state: "idle" };
    case "stopped":
      return { state: "stopped" };
  }
}

function waiting(attempt: number, event: ConnectionEvent & { type: "lost" }): ConnectionPhase {
  const wait = event.returnAfter ?? backoff(attempt, event.jitter, event.cap);
  return { state: "waiting", attempt, retryAt: event.now + wait };
}
