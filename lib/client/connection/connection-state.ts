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

type State = ConnectionPhase["state"];

/** The states that each state may lead to. */
const LEADS_TO: { readonly [From in State]: readonly State[] } = {
  /** Something is watched or called. */
  idle: ["connecting", "stopped"],
  /** `Connected` arrives, the socket is closed, or nothing needs it any more. */
  connecting: ["open", "waiting", "idle", "stopped"],
  /** The socket is closed by the server, or by the client to get another, or for good. */
  open: ["waiting", "connecting", "idle", "stopped"],
  /** The next socket is opened. */
  waiting: ["connecting", "idle", "stopped"],
  stopped: [],
};

/** The only place where a connection changes its state. @returns `from` itself where it may not lead to `to`. */
export function next(from: ConnectionPhase, to: ConnectionPhase): ConnectionPhase {
  return LEADS_TO[from.state].includes(to.state) ? to : from;
}
