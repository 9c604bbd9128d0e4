/**
 * What `convex-lite/server` is in a browser build: an error, with these words in it and who imports whom below them.
 * Everything that the real entry exports is here by name, so that it is the only error.
 */

// A client component imports a file of convex/ by value.
// Import `api` from "convex/_generated/api" instead.
import "server-only";

export const query = undefined;
export const mutation = undefined;
export const action = undefined;
export const internalQuery = undefined;
export const internalMutation = undefined;
export const internalAction = undefined;
export const createFunctions = undefined;
export const ConvexError = undefined;
export const InvalidCursorError = undefined;
export const paginate = undefined;
export const paginationOpts = undefined;
