import { createReferences, type InternalReferences, type PublicReferences } from "convex-lite/client";

declare module "convex-lite/server" {
  interface Register {
    schema: typeof import("../schema");
  }
}
export const api = createReferences<{ messages: PublicReferences<typeof import("../messages")> }>();
