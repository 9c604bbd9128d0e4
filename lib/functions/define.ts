import type { z } from "zod";
import type { ActionCtx, MutationCtx, QueryCtx } from "./context.ts";
import type { FunctionKind, FunctionTypes, Visibility } from "./reference.ts";

/**
 * A function as its author defined it: what `query`, `mutation` and `action` return. Only the engine calls `handler`.
 */
export interface RegisteredFunction<
  Kind extends FunctionKind = FunctionKind,
  Access extends Visibility = Visibility,
  Args = any,
  Returns = any,
  ErrorData = any,
> extends FunctionTypes<Kind, Access, Args, Returns, ErrorData> {
  /** Tells a registered function from other exports of its module. */
  readonly [registeredFunction]: true;
  /** What the function does. */
  readonly kind: Kind;
  /** Who may call it. */
  readonly visibility: Access;
  /** Accepts no unknown key, even if the author's schema does. Undefined: the function takes no arguments. */
  readonly args: z.ZodObject | undefined;
  /** Checks the result. Undefined: any value that can travel. */
  readonly returns: z.ZodType | undefined;
  /** Checks the `data` of the function's errors. Undefined: any value that can travel. */
  readonly errors: z.ZodType | undefined;
  /** The author's code. */
  readonly handler: (ctx: never, args: never) => unknown;
}

/** The key that marks a registered function: the same symbol in every copy of this module. */
export const registeredFunction: unique symbol = Symbol.for("convex-lite.registeredFunction");

/** The arguments of a function that declares none. */
export type NoArgs = Record<string, never>;

/** What is passed to `query`, `mutation` and `action`. `Ctx` is what the handler is given. */
export interface Definition<
  Ctx,
  Args extends z.ZodObject | undefined,
  Result,
  Returns extends z.ZodType | undefined,
  Errors extends z.ZodType | undefined,
> {
  /** A zod object that the arguments have to parse by; unknown keys are refused. Default: the function takes no arguments. */
  args?: Args;
  /** A zod schema that the result has to parse by before it leaves the server. Default: no check. */
  returns?: Returns;
  /** A zod schema for the `data` of the `ConvexError`s that the handler throws. Default: no check, of type `unknown`. */
  errors?: Errors;
  /** The function's code. It gets the context and the parsed arguments. */
  handler: (
    ctx: Ctx,
    args: Args extends z.ZodObject ? z.output<Args> : NoArgs,
  ) => Promise<Result & ReturnsInput<Returns>> | (Result & ReturnsInput<Returns>);
}

/** What a handler may return: the input of its `returns` schema, or anything without one. */
export type ReturnsInput<Returns> = Returns extends z.ZodType ? z.input<Returns> : unknown;

/**
 * Makes a registered function of a definition.
 * @throws {TypeError} when `handler` is not a function, or `args` is not a zod object.
 */
export type Builder<Kind extends FunctionKind, Access extends Visibility, Ctx> = <
  Result,
  Args extends z.ZodObject | undefined = undefined,
  Returns extends z.ZodType | undefined = undefined,
  Errors extends z.ZodType | undefined = undefined,
>(
  definition: Definition<Ctx, Args, Result, Returns, Errors>,
) => RegisteredFunction<
  Kind,
  Access,
  Args extends z.ZodObject ? z.input<Args> : NoArgs,
  // A handler may return a query of Drizzle itself, which TypeScript before 6 does not take for a promise of its rows.
  Returns extends z.ZodType ? z.output<Returns> : Awaited<Result>,
  Errors extends z.ZodType ? z.output<Errors> : unknown
>;

/** The six ways to define a function, for one schema. */
export interface Functions<Schema extends Record<string, unknown>> {
  /** Defines a query that any client may call. */
  query: Builder<"query", "public", QueryCtx<Schema>>;
  /** Defines a mutation that any client may call. */
  mutation: Builder<"mutation", "public", MutationCtx<Schema>>;
  /** Defines an action that any client may call. */
  action: Builder<"action", "public", ActionCtx>;
  /** Defines a query that only other functions can call. */
  internalQuery: Builder<"query", "internal", QueryCtx<Schema>>;
  /** Defines a mutation that only other functions can call. */
  internalMutation: Builder<"mutation", "internal", MutationCtx<Schema>>;
  /** Defines an action that only other functions can call. */
  internalAction: Builder<"action", "internal", ActionCtx>;
}

/**
 * Makes `query`, `mutation`, `action` and their internal forms for a schema other than that of `convex/schema.ts`.
 * @returns the six functions; their handlers' `ctx.db` has the tables of `Schema`.
 *
 * @example const { query, mutation } = createFunctions<typeof import("./schema")>();
 */
export function createFunctions<Schema extends Record<string, unknown>>(): Functions<Schema> {
  return {
    query: builder("query", "public"),
    mutation: builder("mutation", "public"),
    action: builder("action", "public"),
    internalQuery: builder("query", "internal"),
    internalMutation: builder("mutation", "internal"),
    internalAction: builder("action", "internal"),
  };
}

function builder<Kind extends FunctionKind, Access extends Visibility>(kind: Kind, visibility: Access) {
  return (definition: Definition<any, any, any, any, any>): any => {
    const { args, returns, errors, handler } = definition;
    if (typeof handler !== "function") {
      throw new TypeError(`${kind}({ handler }) expects handler to be a function. Found: ${typeof handler}.`);
    }
    if (args !== undefined && !(args?.def?.type === "object" && typeof args.strict === "function")) {
      throw new TypeError(
        `${kind}({ args }) expects a zod object, such as z.object({ id: z.string() }), or nothing. Found: ${found(args)}`,
      );
    }
    const registered: RegisteredFunction<Kind, Access> = {
      [registeredFunction]: true,
      kind,
      visibility,
      args: args?.strict(),
      returns,
      errors,
      handler,
    };
    return Object.freeze(registered);
  };
}

/** What stands in the place of a zod object, and what to do about it. */
function found(args: unknown): string {
  const type: unknown = (args as { def?: { type?: unknown } } | null)?.def?.type;
  if (type === "object") return 'an object of zod/mini. Import z from "zod".';
  if (type === "union") return "a union. Put it in an argument, such as z.object({ by: z.union([…]) }).";
  if (type === "pipe") return "a transformed schema. Transform its arguments one by one, or in the handler.";
  if (typeof type === "string") return `a zod ${type}.`;
  return `${args === null ? "null" : typeof args}, which is no schema of zod 4.`;
}

/** Is this export of a module one of its functions? */
export function isRegisteredFunction(value: unknown): value is RegisteredFunction {
  return typeof value === "object" && value !== null && registeredFunction in value;
}
