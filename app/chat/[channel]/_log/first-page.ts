/** How many messages a channel opens with. The server component and the client component have to agree on it. */
export const FIRST_PAGE = 50;
/** How many are loaded at a time when the reader goes further back. */
export const OLDER_PAGE = 100;
