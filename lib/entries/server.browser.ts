/**
 * `convex-lite/server` in a browser build: a build error, which prints the lines around the import below and the chain of
 * imports that leads here. What to do is said in texts, as the published code has no comments. Every value that the real
 * entry exports is here too, so that the build reports no other error.
 */

"A client component imports a file of convex/ by value.";
'Import `api` from "convex/_generated/api" instead.';
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
