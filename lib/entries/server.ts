/** `convex-lite/server`: what the files in `convex/` are written with. */
import type { RegisteredSchema } from "../functions/context.ts";
import { createFunctions } from "../functions/define.ts";

export type {
  ActionCtx,
  Database,
  Identity,
  MutationCtx,
  QueryCtx,
  ReadOnlyDatabase,
  Register,
} from "../functions/context.ts";
export { createFunctions } from "../functions/define.ts";
export { InvalidCursorError } from "../functions/pagination/cursor.ts";
export { type PaginateOptions, paginate } from "../functions/pagination/paginate.ts";
export {
  type PaginationOptions,
  type PaginationResult,
  paginationOpts,
} from "../functions/pagination/pagination-options.ts";
export type { FunctionArgs, FunctionErrorData, FunctionReference, FunctionReturnType } from "../functions/reference.ts";
export { ConvexError } from "../values/errors.ts";

/** The builders for the schema in `convex/schema.ts`. */
export const { query, mutation, action, internalQuery, internalMutation, internalAction } =
  createFunctions<RegisteredSchema>();
