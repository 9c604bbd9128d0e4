/**
 * The version of the protocol that this code speaks. A server closes a client of another version with
 * `CloseCode.unsupportedVersion`.
 *
 * 1: the first. 2: names only; `session` is `clientId`, and times carry their unit.
 */
export const PROTOCOL_VERSION = 2;
