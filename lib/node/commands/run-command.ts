import { z } from "zod";
import type { EngineCall } from "../../engine/calls/calls.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Identity } from "../../functions/context.ts";
import type { RegisteredFunction } from "../../functions/define.ts";
import { BadRequestError } from "../../protocol/function-error.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import { ValueError } from "../../values/errors.ts";
import { fromWireWithin, isRecord, type Wire } from "../../values/wire.ts";
import { nearestFunction } from "./nearest-function.ts";

/** One function that a person runs, as it is sent. */
export interface Command {
  /** Its path. It may be an internal function. */
  readonly path: string;
  /** Its arguments in wire form. */
  readonly args: Wire;
  /** Who calls it, in wire form. Null: an anonymous caller. */
  readonly identity: Wire;
}

/** `Command` with nothing left out, and whether the later answers of a query are asked for, too. */
export const commandBody = z.strictObject({
  path: z.string().min(1).max(512),
  // Not `z.record`: it drops names such as `__proto__`, which must be refused.
  args: z.unknown().optional(),
  identity: z.unknown().optional(),
  watch: z.boolean().default(false),
});

/** There is no function at the path. */
export class NoSuchFunctionError extends BadRequestError {
  override name = "NoSuchFunctionError";
}

/** The call that a command makes, or why it makes none. */
export function callOf(
  { functions, limits }: Pick<Engine, "functions" | "limits">,
  { path, args, identity }: Command,
): EngineCall {
  const fn = functions.get(path);
  if (!fn) throw new NoSuchFunctionError(noSuchFunction(path, functions));
  return {
    ...{ kind: fn.kind, path, internal: true },
    args: readObject(args, limits.argsDepth, "the arguments to be an object"),
    caller: identity === null ? null : readIdentity(identity, limits.argsDepth),
  };
}

/**
 * Runs a function once for a person: any function, internal ones too, as any identity.
 * @returns its result as wire text. Never rejects: what went wrong is in the outcome.
 */
export async function runCommand(
  engine: Pick<Engine, "functions" | "limits" | "callAsText">,
  command: Command,
): Promise<Outcome<string>> {
  let call: EngineCall;
  try {
    call = callOf(engine, command);
  } catch (error) {
    return commandFailure(error);
  }
  return engine.callAsText(call);
}

/** The outcome of a command that makes no call. @throws what is not the fault of the command. */
export function commandFailure(error: unknown): Extract<Outcome<never>, { ok: false }> {
  if (!(error instanceof BadRequestError)) throw error;
  const { message } = error;
  const unknown = error instanceof NoSuchFunctionError && { unknownFunction: true as const };
  return { ok: false, error: { kind: "badRequest", message, ...unknown } };
}

function noSuchFunction(path: string, functions: ReadonlyMap<string, RegisteredFunction>): string {
  const near = nearestFunction(path, functions);
  if (near) return `There is no ${path}. Did you mean ${near[0]} (${near[1].kind})?`;
  const example = functions.keys().next().value ?? "messages:send";
  return `There is no ${path}. Expected the path of a function in convex/, such as ${example}; \`convex-lite functions\` lists them.`;
}

function readIdentity(identity: Wire, depth: number): Identity {
  const read = readObject(identity, depth, 'an identity such as {"subject":"u1"}');
  if (typeof read.subject === "string" && read.subject !== "") return read as unknown as Identity;
  throw new BadRequestError('Expected an identity with a subject, such as {"subject":"u1"}. Found none in it.');
}

function readObject(wire: Wire, depth: number, expected: string): Record<string, unknown> {
  let found: unknown;
  try {
    found = fromWireWithin(depth, wire);
  } catch (error) {
    if (error instanceof ValueError) throw new BadRequestError(`Expected ${expected}. ${error.message}`);
    throw error;
  }
  if (isRecord(found)) return found;
  throw new BadRequestError(`Expected ${expected}. Found ${Array.isArray(found) ? "a list" : typeof found}.`);
}
