/** What a function does: read, write in one transaction, or anything else. */
export type FunctionKind = "query" | "mutation" | "action";
/** Who may call a function: any client, or only other functions. */
export type Visibility = "public" | "internal";

declare const types: unique symbol;

/**
 * The types of a function, carried by the function itself and by every reference to it. Types only: never present at
 * run time.
 */
export interface FunctionTypes<Kind extends FunctionKind, Access extends Visibility, Args, Returns, ErrorData> {
  /** Never set: exists for the types only. */
  readonly [types]?: { kind: Kind; access: Access; args: Args; returns: Returns; errorData: ErrorData };
}

/** Names a function to other functions, components and clients: `api.messages.listByChannel`. */
export interface FunctionReference<
  Kind extends FunctionKind = FunctionKind,
  Access extends Visibility = Visibility,
  Args = any,
  Returns = any,
  ErrorData = any,
> extends FunctionTypes<Kind, Access, Args, Returns, ErrorData> {
  /** The function's path, such as `messages:listByChannel`. */
  readonly [functionPath]: string;
}

/** A reference to a query that any client may call, such as `api.messages.listByChannel`. */
export type PublicQuery = FunctionReference<"query", "public">;
/** A reference to a mutation that any client may call, such as `api.messages.send`. */
export type PublicMutation = FunctionReference<"mutation", "public">;
/** A reference to an action that any client may call. */
export type PublicAction = FunctionReference<"action", "public">;

/** A function of this kind, or a reference to it. */
export type AnyFunction<
  Kind extends FunctionKind = FunctionKind,
  Access extends Visibility = Visibility,
> = FunctionTypes<Kind, Access, any, any, any>;

/**
 * The arguments that a function is called with: the input of its `args` schema.
 *
 * @example type SendArgs = FunctionArgs<typeof api.messages.send>;
 */
export type FunctionArgs<F> = F extends FunctionTypes<any, any, infer Args, any, any> ? Args : never;
/**
 * The result of a function.
 *
 * @example type Message = FunctionReturnType<typeof api.messages.listByChannel>[number];
 */
export type FunctionReturnType<F> = F extends FunctionTypes<any, any, any, infer Returns, any> ? Returns : never;
/** The `data` of the `ConvexError`s that a function throws; `unknown` unless it has an `errors` schema. */
export type FunctionErrorData<F> = F extends FunctionTypes<any, any, any, any, infer ErrorData> ? ErrorData : never;

/** The argument list of a call: the arguments may be left out when every one of them is optional. */
export type OptionalArgs<F> = {} extends FunctionArgs<F> ? [args?: FunctionArgs<F>] : [args: FunctionArgs<F>];

/** One module of `api`: a reference for each public function. Other exports are `never`. */
export type PublicReferences<Module> = { readonly [Name in keyof Module]: ReferenceTo<Module[Name], "public"> };
/** One module of `internal`: a reference for each internal function. Other exports are `never`. */
export type InternalReferences<Module> = { readonly [Name in keyof Module]: ReferenceTo<Module[Name], "internal"> };

type ReferenceTo<F, Access extends Visibility> = F extends { readonly visibility: Access } & FunctionTypes<
  infer Kind,
  Access,
  infer Args,
  infer Returns,
  infer ErrorData
>
  ? FunctionReference<Kind, Access, Args, Returns, ErrorData>
  : never;

/** The key under which a reference holds the path of its function: the same symbol in every copy of this module. */
export const functionPath: unique symbol = Symbol.for("convex-lite.functionPath");

/** The key under which a reference from `internal` says so. One from `api` does not have it. */
const isInternal = Symbol.for("convex-lite.isInternal");

/** Is it a reference from `internal`, which may name an internal function? */
export function isInternalReference(value: FunctionReference): boolean {
  return (value as { [isInternal]?: boolean })[isInternal] === true;
}

/** The path of a reference, such as `messages:listByChannel`. Undefined when `value` is not a reference. */
export function pathOf(value: unknown): string | undefined {
  const path = (value as { [functionPath]?: unknown } | null | undefined)?.[functionPath];
  return typeof path === "string" ? path : undefined;
}

/**
 * Makes the object behind the generated `api` and `internal`. Each property is made when it is first read and is the same
 * object from then on. It needs no server code.
 *
 * @param visibility Which of them it makes. Only references of `internal` can name an internal function in `fetchQuery` and
 *   its siblings, so that `api[name]` with a name that a visitor has sent reaches public functions only.
 * @default "public"
 * @example export const api = createReferences<{ messages: PublicReferences<typeof import("../messages")> }>();
 */
export function createReferences<Api>(visibility?: Visibility): Api {
  return reference([], visibility === "internal") as Api;
}

function reference(path: readonly string[], internal: boolean): object {
  const properties = new Map<string, object>();
  return new Proxy(Object.freeze({}), {
    get(_target, property) {
      if (property === functionPath) return path.length >= 2 ? toPath(path) : undefined;
      if (property === isInternal) return internal;
      // React, promises and `JSON.stringify` read these to see what a value is. A reference is none of it.
      if (typeof property === "symbol" || property === "then" || property === "toJSON" || property.startsWith("$$")) {
        return undefined;
      }
      let child = properties.get(property);
      if (!child) {
        child = reference([...path, property], internal);
        properties.set(property, child);
      }
      return child;
    },
  });
}

function toPath(path: readonly string[]): string {
  return `${path.slice(0, -1).join("/")}:${path.at(-1)}`;
}
