// In milliseconds. Bundlers write the numbers of a file that imports nothing where their names are.

/** How long a socket may take from the attempt to `Connected`. */
export const CONNECT_TIME = 10_000;
/** How long the server may take to show life after the user or the network has returned. */
export const PROBE_TIME = 5_000;
/** The same after the browser has lost the network: the page is to say so soon. */
export const OFFLINE_PROBE_TIME = 700;
