/** What a function does: read, write in one transaction, or anything else. */
export type FunctionKind = "query" | "mutation" | "action";
/** Who may name a function: any client, or only other functions and the command line. */
export type Visibility = "public" | "internal";

declare const types: unique symbol;

/**
 * The types of a function, carried by the function itself and by every reference to it. Types only: never present at
 * run time.
 */
export interface FunctionTypes<Kind extends FunctionKind, Access extends Visibility, Args, Returns, ErrorData> {
  readonly [types]?: { kind: Kind; access: Access; args: Args; returns: Returns; errorData: ErrorData };
}

/** How another function, a component or a client points at a function: `api.messages.listByChannel`. */
export interface FunctionReference<
  Kind extends FunctionKind = FunctionKind,
  Access extends Visibility = Visibility,
  Args = any,
  Returns = any,
  ErrorData = any,
> extends FunctionTypes<Kind, Access, Args, Returns, ErrorData> {
  readonly [functionPath]: string;
}

/** A reference to a query that any client may name, such as `api.messages.listByChannel`. */
export type PublicQuery = FunctionReference<"query", "public">;

/** Anything that stands for a function of this kind: the function itself or a reference to it. */
export type AnyFunction<
  Kind extends FunctionKind = FunctionKind,
  Access extends Visibility = Visibility,
> = FunctionTypes<Kind, Access, any, any, any>;

/** The arguments a function is called with (the input side of its `args` schema). */
export type FunctionArgs<F> = F extends FunctionTypes<any, any, infer Args, any, any> ? Args : never;
/** What a function answers. */
export type FunctionReturnType<F> = F extends FunctionTypes<any, any, any, infer Returns, any> ? Returns : never;
/** The `data` of the `ConvexError`s a function throws; `unknown` unless it has an `errors` schema. */
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

/** Under this symbol a reference holds the path of its function. Shared by every copy of this module in one process. */
export const functionPath: unique symbol = Symbol.for("convex-lite.functionPath");

/** The path of a reference, such as `messages:listByChannel`. Undefined when `value` is no reference. */
export function pathOf(value: unknown): string | undefined {
  const path = (value as { [functionPath]?: unknown } | null | undefined)?.[functionPath];
  return typeof path === "string" ? path : undefined;
}

/**
 * The object behind the generated `api` and `internal`. Each property is made when it is first asked for and is the
 * same object ever after; no server code is needed for it.
 */
export function createReferences<Api>(): Api {
  return reference([]) as Api;
}

function reference(path: readonly string[]): object {
  const properties = new Map<string, object>();
  return new Proxy(Object.freeze({}), {
    get(_target, property) {
      if (property === functionPath) return path.length >= 2 ? toPath(path) : undefined;
      // React, promises and `JSON.stringify` probe for these; a reference is none of what they look for.
      if (typeof property === "symbol" || property === "then" || property === "toJSON" || property.startsWith("$$")) {
        return undefined;
      }
      let child = properties.get(property);
      if (!child) {
        child = reference([...path, property]);
        properties.set(property, child);
      }
      return child;
    },
  });
}

function toPath(path: readonly string[]): string {
  return `${path.slice(0, -1).join("/")}:${path.at(-1)}`;
}
