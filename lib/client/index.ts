/** `convex-lite/client`: the client without React. */
export { createReferences, type InternalReferences, type PublicReferences } from "../functions/reference.ts";
export { type ConnectionState, ConvexClient } from "./convex-client.ts";
