/**
 * How we are connected. `attempt` counts what has failed in a row; an open connection keeps it until it has synced, so
 * that a server which accepts and then drops us is not hammered.
 */
export type ConnectionPhase =
  /** Nothing has asked for a connection yet, or nothing needs one any more. */
  | { readonly state: "idle"; readonly attempt: 0 }
  /** A socket is being opened, or `Connected` has not arrived yet. */
  | { readonly state: "connecting"; readonly attempt: number }
  | { readonly state: "open"; readonly attempt: number }
  | { readonly state: "waiting"; readonly attempt: number; readonly retryAt: number }
  /** For good. */
  | { readonly state: "stopped"; readonly attempt: 0 };

export type ConnectionEvent =
  /** Something is watched or called. */
  | { type: "wanted" }
  /** The server has said `Connected`. */
  | { type: "connected" }
  /** Every question asked on this connection has been answered. */
  | { type: "synced" }
  /** The socket is gone. */
  | { type: "lost"; retryAt: number }
  /** We open another socket at once: the wait is over, or we closed the one before on purpose. */
  | { type: "renewed" }
  /** Nothing needs the connection any more. */
  | { type: "rested" }
  | { type: "stopped" };

type State = ConnectionPhase["state"];

/** Where each event leads from each state. What is not here changes nothing. */
const LEADS_TO: { readonly [From in State]: { readonly [Event in ConnectionEvent["type"]]?: State } } = {
  idle: { wanted: "connecting", stopped: "stopped" },
  connecting: { connected: "open", lost: "waiting", rested: "idle", stopped: "stopped" },
  open: { synced: "open", lost: "waiting", renewed: "connecting", rested: "idle", stopped: "stopped" },
  waiting: { renewed: "connecting", rested: "idle", stopped: "stopped" },
  stopped: {},
};

/** The only place where a connection changes its state. */
export function next(from: ConnectionPhase, event: ConnectionEvent): ConnectionPhase {
  const state = LEADS_TO[from.state][event.type];
  if (state === undefined) return from;
  if (event.type === "lost") return { state: "waiting", attempt: from.attempt + 1, retryAt: event.retryAt };
  const isUnproven = event.type === "connected" || event.type === "renewed";
  return { state, attempt: isUnproven ? from.attempt : 0 } as ConnectionPhase;
}
