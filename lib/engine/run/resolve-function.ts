import type { RegisteredFunction } from "../../functions/define.ts";
import type { FunctionKind } from "../../functions/reference.ts";
import { UnknownFunctionError } from "./failures.ts";
import type { Registry } from "./registry.ts";

/**
 * The function of a path, as a caller from outside may name it.
 * @param internal May it be an internal function?
 * @throws {UnknownFunctionError} when there is none that this caller may name.
 */
export function resolveFunction(
  registry: Registry,
  kind: FunctionKind,
  path: string,
  internal = false,
): RegisteredFunction {
  const fn = registry.find(kind, path);
  if (fn && (internal || fn.visibility === "public")) return fn;
  throw new UnknownFunctionError(`There is no public ${kind} "${path}". Check its name and that its file exports it.`);
}
