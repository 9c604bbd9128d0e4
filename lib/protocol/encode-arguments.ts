import { ValueError } from "../values/errors.ts";
import { isRecord, toWire, type Wire } from "../values/wire.ts";
import { BadRequestError } from "./function-error.ts";

/**
 * The arguments that an application passes to a function, in wire form.
 * @param args Default: none.
 * @throws {BadRequestError} when they are no object, or a part of them cannot travel: `issues` names it.
 */
export function encodeArguments(path: string, args: unknown = {}): Record<string, Wire> {
  try {
    const wire = toWire(args);
    if (isRecord(wire)) return wire;
    throw new ValueError([], "is not an object");
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new BadRequestError(
      `The arguments of ${path}: ${error.message}${process.env.NODE_ENV !== "production" ? remedy(error.path) : ""}`,
      [{ path: [...error.path], message: error.problem }],
    );
  }
}

/** What to do instead. */
function remedy(at: readonly unknown[]): string {
  return at.length > 0
    ? " Pass plain data in its place, such as its text or its id."
    : " Pass an object of arguments. An event handler gets the event: write onClick={() => mutate({ … })}.";
}
