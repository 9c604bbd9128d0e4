// The codes that a client sends are constants of their own, so that a bundler ships them without `CloseCode`.

/** The purpose of the socket is fulfilled. (RFC 6455 §7.4.1.) */
export const NORMAL = 1000;
/** The other end has been silent for too long. */
export const SILENT = 4440;
/** The client found the server's messages inconsistent. */
export const RESYNC = 4450;

/** Why this server or this client closes a socket. Codes that begin with 1 are of RFC 6455 §7.4.1 or its registry. */
export const CloseCode = {
  /** The server failed in serving this client. */
  internalError: 1011,
  /** The server restarts, or its database cannot be reached. */
  serviceRestart: 1012,
  /** A message was not JSON, not of a known form, or out of order. */
  badMessage: 4400,
  /** No `Connect` within the time allowed. */
  handshakeTimeout: 4408,
  /** Another socket has taken over this client id. */
  clientIdTakenOver: 4409,
  /** A message was larger or deeper than the limits allow. */
  tooLarge: 4413,
  /** Client and server speak different versions of the protocol. */
  unsupportedVersion: 4426,
  /** More messages, subscriptions or queued mutations than the limits allow. */
  tooMany: 4429,
  /** The client read too slowly. */
  tooSlow: 4430,
  silent: SILENT,
  resync: RESYNC,
} as const;

export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/**
 * Codes that a client meets beside those: a proxy, the network or the WebSocket itself gives them. (RFC 6455 §7.4.1 and
 * its registry.)
 */
export const ForeignCloseCode = {
  normal: NORMAL,
  goingAway: 1001,
  /** The close frame held no code. */
  none: 1005,
  /** The connection broke without a close frame. */
  broken: 1006,
  /** A message came in too many frames. */
  policyViolation: 1008,
  frameTooLarge: 1009,
  tryAgainLater: 1013,
} as const;

/**
 * What a client does after its socket is closed.
 * - `stop`: it never connects again.
 * - `now`: it connects again at once, but once: until it has been synced for 10 s, the next time is with backoff.
 * - `backoff`: it connects again after a random wait, whose bound doubles with each failure.
 */
export type AfterClose = "stop" | "now" | "backoff";

/**
 * After these codes a client does not back off. `now` stands where the line or the client itself was at fault, which
 * concerns one client: a code that many clients get at the same time would bring all of them back in one moment.
 */
const WITHOUT_BACKOFF: { readonly [code: number]: AfterClose } = {
  4409: "now",
  4426: "stop",
  4430: "now",
  4440: "now",
  4450: "now",
};

export function afterClose(code: number): AfterClose {
  return WITHOUT_BACKOFF[code] ?? "backoff";
}
