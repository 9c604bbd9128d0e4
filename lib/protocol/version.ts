/**
 * The version both ends speak. A server answers any other with `CloseCode.unsupportedVersion`.
 *
 * 1: the first.
 */
export const PROTOCOL_VERSION = 1;

/** Why a socket was closed, beyond what RFC 6455 §7.4.1 has codes for. `PROTOCOL.md` says what follows each. */
export const CloseCode = {
  /** The server restarts; come back. (RFC 6455 registry: Service Restart.) */
  serviceRestart: 1012,
  /** A message was not JSON, not of a known form, or out of order. */
  badMessage: 4400,
  /** No `Connect` within the time allowed. */
  handshakeTimeout: 4408,
  /** Another socket has taken over this session. */
  sessionTakenOver: 4409,
  /** A message was larger or deeper than the limits allow. */
  tooLarge: 4413,
  /** Client and server speak different versions of the protocol: load the page again. */
  unsupportedVersion: 4426,
  /** More messages, subscriptions or queued mutations than the limits allow. */
  tooMany: 4429,
  /** The client read too slowly; reconnect and resync. */
  tooSlow: 4430,
  /** The other side stayed silent too long. */
  silent: 4440,
  /** A client that found the server's messages inconsistent: it connects again and starts from its hashes. */
  resync: 4450,
} as const;

export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];
