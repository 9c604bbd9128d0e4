/** How many characters the token of an answer has. In a patch, the rest of `token` is the check of what it leads to. */
export const TOKEN_LENGTH = 22;
