/** How many mutations may wait for the server, sent or not, and how many actions. */
export const MAX_PENDING = 1_000;
/**
 * How long a sent mutation waits for its outcome, and how long an idle client id is used, in milliseconds: 12 hours. The
 * server keeps what it knows of a client id for longer.
 */
export const CLIENT_ID_LIFE_MS = 43_200_000;
