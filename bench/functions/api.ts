import { createReferences, type PublicReferences } from "convex-lite/client";

export const api = createReferences<{ messages: PublicReferences<typeof import("./messages.ts")> }>();
