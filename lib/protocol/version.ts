/**
 * The version both ends speak. A server answers any other with `CloseCode.unsupportedVersion`.
 *
 * 1: the first. 2: names only; `session` is `clientId`, and times carry their unit.
 */
export const PROTOCOL_VERSION = 2;

// The codes that a client looks for or gives itself: by themselves, so that a browser is not sent the others.

/** Client and server speak different versions of the protocol: load the page again. */
export const UNSUPPORTED_VERSION = 4426;
/** The other side stayed silent too long. */
export const SILENT = 4440;
/** A client that found the server's messages inconsistent: it connects again and starts from its hashes. */
export const RESYNC = 4450;

/** Why a socket was closed, beyond what RFC 6455 §7.4.1 has codes for. `PROTOCOL.md` says what follows each. */
export const CloseCode = {
  /** The server failed in serving this client; come back. (RFC 6455 §7.4.1.) */
  internalError: 1011,
  /** The server restarts; come back. (RFC 6455 registry: Service Restart.) */
  serviceRestart: 1012,
  /** A message was not JSON, not of a known form, or out of order. */
  badMessage: 4400,
  /** No `Connect` within the time allowed. */
  handshakeTimeout: 4408,
  /** Another socket has taken over this client id. */
  clientIdTakenOver: 4409,
  /** A message was larger or deeper than the limits allow. */
  tooLarge: 4413,
  unsupportedVersion: UNSUPPORTED_VERSION,
  /** More messages, subscriptions or queued mutations than the limits allow. */
  tooMany: 4429,
  /** The client read too slowly; reconnect and resync. */
  tooSlow: 4430,
  silent: SILENT,
  resync: RESYNC,
} as const;

export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];
