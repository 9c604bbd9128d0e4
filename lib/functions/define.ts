import type { z } from "zod";
import type { ActionCtx, MutationCtx, QueryCtx } from "./context.ts";
import type { FunctionKind, FunctionTypes, Visibility } from "./reference.ts";

/**
 * A function as its author defined it. The engine runs it; nobody else calls `handler`.
 * `args` accepts no unknown key, whatever the author's schema said.
 */
export interface RegisteredFunction<
  Kind extends FunctionKind = FunctionKind,
  Access extends Visibility = Visibility,
  Args = any,
  Returns = any,
  ErrorData = any,
> extends FunctionTypes<Kind, Access, Args, Returns, ErrorData> {
  readonly [registeredFunction]: true;
  readonly kind: Kind;
  readonly visibility: Access;
  /** Absent: the function takes no arguments. */
  readonly args: z.ZodObject | undefined;
  readonly returns: z.ZodType | undefined;
  readonly errors: z.ZodType | undefined;
  readonly handler: (ctx: never, args: never) => unknown;
}

/** Marks a registered function, across copies of this module. */
export const registeredFunction: unique symbol = Symbol.for("convex-lite.registeredFunction");

/** The arguments of a function that declares none. */
export type NoArgs = Record<string, never>;

/** What an author writes. `Ctx` is what the handler is given. */
export interface Definition<
  Ctx,
  Args extends z.ZodObject | undefined,
  Result,
  Returns extends z.ZodType | undefined,
  Errors extends z.ZodType | undefined,
> {
  /** A zod object. Unknown keys are refused. Leave it out for a function without arguments. */
  args?: Args;
  /** Checks the result before it leaves the server. */
  returns?: Returns;
  /** Types and checks the `data` of the `ConvexError`s that the handler throws. */
  errors?: Errors;
  handler: (
    ctx: Ctx,
    args: Args extends z.ZodObject ? z.output<Args> : NoArgs,
  ) => Promise<Result & ReturnsInput<Returns>> | (Result & ReturnsInput<Returns>);
}

type ReturnsInput<Returns> = Returns extends z.ZodType ? z.input<Returns> : unknown;

/** Turns a definition into a registered function of one kind. */
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
  Returns extends z.ZodType ? z.output<Returns> : Result,
  Errors extends z.ZodType ? z.output<Errors> : unknown
>;

/** The six ways to define a function, for one schema. */
export interface Functions<Schema extends Record<string, unknown>> {
  query: Builder<"query", "public", QueryCtx<Schema>>;
  mutation: Builder<"mutation", "public", MutationCtx<Schema>>;
  action: Builder<"action", "public", ActionCtx>;
  internalQuery: Builder<"query", "internal", QueryCtx<Schema>>;
  internalMutation: Builder<"mutation", "internal", MutationCtx<Schema>>;
  internalAction: Builder<"action", "internal", ActionCtx>;
}

/**
 * `query`, `mutation`, `action` and their internal forms for a schema other than the registered one.
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
    if (args !== undefined && args?.def?.type !== "object") {
      throw new TypeError(`${kind}({ args }) expects a zod object, such as z.object({ id: z.string() }), or nothing.`);
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

/** Is this export of a module one of its functions? */
export function isRegisteredFunction(value: unknown): value is RegisteredFunction {
  return typeof value === "object" && value !== null && registeredFunction in value;
}
