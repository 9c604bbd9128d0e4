/**
 * The version of the protocol that this code speaks. A server closes a client of another version with
 * `CloseCode.unsupportedVersion`.
 *
 * 1: the first. 2: names only; `session` is `clientId`, and times carry their unit. 3: answers have a token of the
 * server's instead of a hash that the client computes. 4: a patch that comes alone is a message of its own, `Patch`.
 */
export const PROTOCOL_VERSION = 4;
