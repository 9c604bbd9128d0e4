import { isRegisteredFunction, type RegisteredFunction } from "../../functions/define.ts";
import { type FunctionKind, pathOf } from "../../functions/reference.ts";

/** The modules under `convex/`: `messages` or `admin/users` → what the module exports. */
export type FunctionModules = Record<string, Record<string, unknown>>;

/** The functions as they were loaded, by path. Never changes: a reload makes a new one. */
export class Registry {
  readonly #byPath = new Map<string, RegisteredFunction>();
  /** A function exported twice has two paths, and clients may watch either. */
  readonly #paths = new Map<RegisteredFunction, string[]>();

  constructor(modules: FunctionModules) {
    for (const [module, exports] of Object.entries(modules)) {
      for (const [name, value] of Object.entries(exports)) {
        if (isRegisteredFunction(value)) this.#add(`${module}:${name}`, value);
      }
    }
  }

  /** The function at a path, if it is of that kind. */
  find(kind: FunctionKind, path: string): RegisteredFunction | undefined {
    const found = this.#byPath.get(path);
    return found?.kind === kind ? found : undefined;
  }

  /**
   * Every path of a function, given the function itself or a reference to it.
   * @throws when it has none, which happens to a function that no module under `convex/` exports.
   */
  pathsOf(target: unknown, kind: FunctionKind): string[] {
    const path = pathOf(target);
    const paths = path === undefined ? this.#paths.get(target as RegisteredFunction) : [path];
    const first = paths?.[0];
    if (paths === undefined || first === undefined) {
      throw new TypeError(
        `Expected a ${kind} that a file under convex/ exports, or its reference (api.file.name). Found ${printed(target)}. Export it, or pass its reference.`,
      );
    }
    if (!this.find(kind, first)) {
      throw new TypeError(`Expected a ${kind}. There is no ${kind} at "${first}": check the name and what it exports.`);
    }
    return paths;
  }

  /** Every function by its path, in the order of their modules. */
  get all(): ReadonlyMap<string, RegisteredFunction> {
    return this.#byPath;
  }

  /** How many functions there are. */
  get size(): number {
    return this.#byPath.size;
  }

  #add(path: string, fn: RegisteredFunction): void {
    this.#byPath.set(path, fn);
    const paths = this.#paths.get(fn);
    if (paths) paths.push(path);
    else this.#paths.set(fn, [path]);
  }
}

function printed(target: unknown): string {
  if (isRegisteredFunction(target)) return `a ${target.kind} without a path`;
  return target === null ? "null" : `a value of type ${typeof target}`;
}
