/** `convex-lite/server`: what the files in `convex/` are written with. */
import type { RegisteredSchema } from "./context.ts";
import { createFunctions } from "./define.ts";

export { ConvexError } from "../values/errors.ts";
export type { ActionCtx, Database, Identity, MutationCtx, QueryCtx, ReadOnlyDatabase, Register } from "./context.ts";
export { InvalidCursorError } from "./cursor.ts";
export { createFunctions } from "./define.ts";
export { type PaginateOptions, paginate } from "./paginate.ts";
export { type PaginationOptions, type PaginationResult, paginationOpts } from "./pagination.ts";
export type { FunctionArgs, FunctionErrorData, FunctionReference, FunctionReturnType } from "./reference.ts";

/** The builders for the schema in `convex/schema.ts`. */
export const { query, mutation, action, internalQuery, internalMutation, internalAction } =
  createFunctions<RegisteredSchema>();
