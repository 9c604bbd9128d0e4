/** How deep a value may be nested. Checked before each step down. In a file without imports bundlers write the number itself. */
export const MAX_DEPTH = 64;
