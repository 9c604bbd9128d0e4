/** `convex-lite/server`: what the files in `convex/` are written with. */
import type { RegisteredSchema } from "../functions/context.ts";
import { createFunctions, type Functions } from "../functions/define.ts";

export type {
  ActionCtx,
  Auth,
  Database,
  Identity,
  InvalidateOptions,
  MutationCtx,
  QueryCtx,
  ReadOnlyDatabase,
  Register,
  RegisteredSchema,
  RunFunction,
  Scheduler,
} from "../functions/context.ts";
export {
  type Builder,
  createFunctions,
  type Definition,
  type Functions,
  type NoArgs,
  type RegisteredFunction,
  type ReturnsInput,
} from "../functions/define.ts";
export { InvalidCursorError } from "../functions/pagination/cursor.ts";
export type { OrderTerm } from "../functions/pagination/keyset-order.ts";
export { type PaginateOptions, paginate, type Select } from "../functions/pagination/paginate.ts";
export {
  type PaginationOptions,
  type PaginationResult,
  paginationOpts,
} from "../functions/pagination/pagination-options.ts";
export type {
  AnyFunction,
  FunctionArgs,
  FunctionErrorData,
  FunctionKind,
  FunctionReference,
  FunctionReturnType,
  FunctionTypes,
  OptionalArgs,
  Visibility,
} from "../functions/reference.ts";
export { ConvexError } from "../values/errors.ts";

// Each type below is named. Left to the compiler, declarations would hold what `RegisteredSchema` is here: no tables.
const functions: Functions<RegisteredSchema> = createFunctions<RegisteredSchema>();

/**
 * Defines a query: a function that reads the database and that clients watch. Its result is live: it is computed anew
 * when a mutation invalidates it, and sent to every client that watches it. A query must depend only on its arguments, the
 * database and the caller, and must not write.
 *
 * @param definition `handler`, and zod schemas for its arguments, its result and its errors.
 * @returns the function. Export it from a file in `convex/`: `list` in `convex/messages.ts` becomes `api.messages.list`.
 * @throws {TypeError} when `handler` is not a function, or `args` is not a zod object.
 *
 * @example
 * export const list = query({
 *   args: z.object({ channel: z.string() }),
 *   handler: ({ db }, { channel }) => db.select().from(messages).where(eq(messages.channel, channel)),
 * });
 */
export const query: Functions<RegisteredSchema>["query"] = functions.query;

/**
 * Defines a mutation: a function that writes to the database, in one transaction. It commits when the handler returns and
 * rolls back when the handler throws. The mutations of one client run in the order in which they were called, each once.
 * Name the queries whose results it changes with `scheduler.invalidate`.
 *
 * @param definition `handler`, and zod schemas for its arguments, its result and its errors.
 * @returns the function. Export it from a file in `convex/`: `send` in `convex/messages.ts` becomes `api.messages.send`.
 * @throws {TypeError} when `handler` is not a function, or `args` is not a zod object.
 *
 * @example
 * export const send = mutation({
 *   args: z.object({ channel: z.string(), text: z.string().min(1) }),
 *   handler: async ({ db, scheduler }, { channel, text }) => {
 *     await db.insert(messages).values({ channel, text });
 *     await scheduler.invalidate(list, { channel });
 *   },
 * });
 */
export const mutation: Functions<RegisteredSchema>["mutation"] = functions.mutation;

/**
 * Defines an action: a function that may do anything else, such as call another service. It runs in no transaction, and
 * reads and writes through `runQuery` and `runMutation`. A call is sent at most once: when its outcome is lost, the caller
 * gets an `UnavailableError`.
 *
 * @param definition `handler`, and zod schemas for its arguments, its result and its errors.
 * @returns the function. Export it from a file in `convex/`: `translate` in `convex/messages.ts` becomes
 *   `api.messages.translate`.
 * @throws {TypeError} when `handler` is not a function, or `args` is not a zod object.
 *
 * @example
 * export const translate = action({
 *   args: z.object({ id: z.string() }),
 *   handler: async ({ runQuery, runMutation }, { id }) => {
 *     const { text } = await runQuery(internal.messages.get, { id });
 *     await runMutation(internal.messages.setTranslation, { id, text: await translated(text) });
 *   },
 * });
 */
export const action: Functions<RegisteredSchema>["action"] = functions.action;

/**
 * Defines a query that no client can call: only other functions, by `internal` instead of `api`. Otherwise the same as
 * `query`.
 *
 * @param definition `handler`, and zod schemas for its arguments, its result and its errors.
 * @returns the function. Export it from a file in `convex/`: `get` in `convex/messages.ts` becomes `internal.messages.get`.
 * @throws {TypeError} when `handler` is not a function, or `args` is not a zod object.
 *
 * @example
 * export const get = internalQuery({
 *   args: z.object({ id: z.string() }),
 *   handler: ({ db }, { id }) => db.query.messages.findFirst({ where: eq(messages.id, id) }),
 * });
 */
export const internalQuery: Functions<RegisteredSchema>["internalQuery"] = functions.internalQuery;

/**
 * Defines a mutation that no client can call: only other functions, by `internal` instead of `api`. Otherwise the same as
 * `mutation`.
 *
 * @param definition `handler`, and zod schemas for its arguments, its result and its errors.
 * @returns the function. Export it from a file in `convex/`: `cleanUp` in `convex/messages.ts` becomes
 *   `internal.messages.cleanUp`.
 * @throws {TypeError} when `handler` is not a function, or `args` is not a zod object.
 *
 * @example
 * export const cleanUp = internalMutation({
 *   handler: async ({ db, scheduler }) => {
 *     await db.delete(messages).where(lt(messages.createdAt, monthAgo()));
 *     await scheduler.invalidate(list);
 *   },
 * });
 */
export const internalMutation: Functions<RegisteredSchema>["internalMutation"] = functions.internalMutation;

/**
 * Defines an action that no client can call: only other functions, by `internal` instead of `api`. Otherwise the same as
 * `action`.
 *
 * @param definition `handler`, and zod schemas for its arguments, its result and its errors.
 * @returns the function. Export it from a file in `convex/`: `notify` in `convex/messages.ts` becomes
 *   `internal.messages.notify`.
 * @throws {TypeError} when `handler` is not a function, or `args` is not a zod object.
 *
 * @example
 * export const notify = internalAction({
 *   args: z.object({ text: z.string() }),
 *   handler: async (_ctx, { text }) => {
 *     await fetch("https://hooks.example.com/notify", { method: "POST", body: text });
 *   },
 * });
 */
export const internalAction: Functions<RegisteredSchema>["internalAction"] = functions.internalAction;
