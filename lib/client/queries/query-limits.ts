/** How long a query stays subscribed to after its last watcher has left, in milliseconds: the next page may watch it. */
export const UNMOUNT_GRACE = 5_000;
/** How many answers are kept to queries that are not subscribed to. */
export const CACHED = 100;
