/**
 * References to the functions in this folder. Written by `convex-lite codegen`: do not edit, do commit.
 */
import { createReferences, type InternalReferences, type PublicReferences } from "convex-lite/client";

declare module "convex-lite/server" {
  interface Register {
    schema: typeof import("../schema");
  }
}

/** Your public functions, for clients and functions alike: `api.messages.list`. */
export const api = createReferences<{
  channels: PublicReferences<typeof import("../channels")>;
  messages: PublicReferences<typeof import("../messages")>;
}>();

/** Your internal functions, for code on the server only: `internal.messages.cleanUp`. */
export const internal = /* @__PURE__ */ createReferences<{
  channels: InternalReferences<typeof import("../channels")>;
  messages: InternalReferences<typeof import("../messages")>;
}>("internal");
