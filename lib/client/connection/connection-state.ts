/** The state of a client's connection. */
export type ConnectionPhase =
  /** Nothing needs a connection: not yet, or not any more. */
  | { readonly state: "idle" }
  /** A socket is being opened, or `Connected` has not arrived yet. */
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  /** `retryAt`: when the next attempt is due, in milliseconds since 1970. */
  | { readonly state: "waiting"; readonly retryAt: number }
  /** The client never connects again. */
  | { readonly state: "stopped" };

export type ConnectionEvent =
  /** Something is watched or called. */
  | { type: "wanted" }
  /** `Connected` has arrived. */
  | { type: "connected" }
  /** The socket is closed. */
  | { type: "lost"; retryAt: number }
  /** The next socket is opened: the wait is over, or the client has closed the socket before to get another. */
  | { type: "renewed" }
  /** Nothing needs the connection any more. */
  | { type: "rested" }
  | { type: "stopped" };

type State = ConnectionPhase["state"];

/** The state that each event leads to from each state. An event that is not listed changes nothing. */
const LEADS_TO: { readonly [From in State]: { readonly [Event in ConnectionEvent["type"]]?: State } } = {
  idle: { wanted: "connecting", stopped: "stopped" },
  connecting: { connected: "open", lost: "waiting", rested: "idle", stopped: "stopped" },
  open: { lost: "waiting", renewed: "connecting", rested: "idle", stopped: "stopped" },
  waiting: { renewed: "connecting", rested: "idle", stopped: "stopped" },
  stopped: {},
};

/** The only place where a connection changes its state. */
export function next(from: ConnectionPhase, event: ConnectionEvent): ConnectionPhase {
  const { type, ...about } = event;
  const state = LEADS_TO[from.state][type];
  return state === undefined ? from : ({ ...about, state } as ConnectionPhase);
}
