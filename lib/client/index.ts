export { createReferences, type InternalReferences, type PublicReferences } from "../functions/reference.ts";
