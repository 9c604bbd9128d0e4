import { isRegisteredFunction, type RegisteredFunction } from "../../functions/define.ts";
import { addressOf, type FunctionKind } from "../../functions/reference.ts";

/** The modules under `convex/`: `messages` or `admin/users` → what the module exports. */
export type FunctionModules = Record<string, Record<string, unknown>>;

/** The functions as they were loaded, by address. Never changes: a reload makes a new one. */
export class Registry {
  readonly #byAddress = new Map<string, RegisteredFunction>();
  /** A function exported twice has two addresses, and clients may watch either. */
  readonly #addresses = new Map<RegisteredFunction, string[]>();

  constructor(modules: FunctionModules) {
    for (const [module, exports] of Object.entries(modules)) {
      for (const [name, value] of Object.entries(exports)) {
        if (isRegisteredFunction(value)) this.#add(`${module}:${name}`, value);
      }
    }
  }

  /** The function at an address, if it is of that kind. */
  find(kind: FunctionKind, address: string): RegisteredFunction | undefined {
    const found = this.#byAddress.get(address);
    return found?.kind === kind ? found : undefined;
  }

  /**
   * Every address of a function, given the function itself or a reference to it.
   * @throws when it has none, which happens to a function that no module under `convex/` exports.
   */
  addressesOf(target: unknown, kind: FunctionKind): string[] {
    const address = addressOf(target);
    const addresses = address === undefined ? this.#addresses.get(target as RegisteredFunction) : [address];
    const first = addresses?.[0];
    if (addresses === undefined || first === undefined) {
      throw new TypeError(
        `Expected a ${kind} that a file under convex/ exports, or its reference (api.file.name). Found ${printed(target)}. Export it, or pass its reference.`,
      );
    }
    if (!this.find(kind, first)) {
      throw new TypeError(`Expected a ${kind}. There is no ${kind} at "${first}": check the name and what it exports.`);
    }
    return addresses;
  }

  /** How many functions there are. */
  get size(): number {
    return this.#byAddress.size;
  }

  #add(address: string, fn: RegisteredFunction): void {
    this.#byAddress.set(address, fn);
    const addresses = this.#addresses.get(fn);
    if (addresses) addresses.push(address);
    else this.#addresses.set(fn, [address]);
  }
}

function printed(target: unknown): string {
  if (isRegisteredFunction(target)) return `a ${target.kind} without an address`;
  return target === null ? "null" : `a value of type ${typeof target}`;
}
