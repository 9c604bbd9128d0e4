import { createHash } from "node:crypto";
import type { RegisteredFunction } from "../../functions/define.ts";
import { tooLargeToKeep } from "../../protocol/frame-size.ts";
import { BadRequestError } from "../../protocol/function-error.ts";
import type { Issue } from "../../protocol/outcome.ts";
import { canonical } from "../../values/canonical.ts";
import { ValueError } from "../../values/errors.ts";
import { fromWireWithin, type Wire } from "../../values/wire.ts";
import type { EngineLimits } from "./limits.ts";
import { type ParseIssue, parseBy } from "./parse.ts";

/** How many faults of one call's arguments are told. */
export const MAX_ISSUES = 20;

/**
 * The arguments as they came over the wire, as values.
 * @param depth How deep they may be nested.
 * @throws {BadRequestError} when they are malformed or deeper.
 */
export function readArguments(args: Record<string, Wire>, depth: number): Record<string, unknown> {
  try {
    return fromWireWithin(depth, args) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof ValueError) throw new BadRequestError(`The arguments are malformed. ${error.message}`);
    throw error;
  }
}

/** How many bytes arguments take as wire text, however the client has spelled it. */
export function argumentBytes(args: Record<string, Wire>): number {
  return Buffer.byteLength(JSON.stringify(args));
}

/** @throws {BadRequestError} when arguments of so many bytes are too large for a query that is kept live. */
export function checkKeptArguments(path: string, bytes: number, { queryArgsBytes }: EngineLimits): void {
  const error = tooLargeToKeep(path, bytes, queryArgsBytes);
  if (error) throw error;
}

/**
 * The arguments as the handler gets them: parsed by the function's schema, defaults and transforms applied.
 * @throws {BadRequestError} with the issues when they do not parse.
 */
export function parseArguments(
  fn: RegisteredFunction,
  path: string,
  args: Record<string, unknown>,
): Record<string, unknown> {
  if (!fn.args) {
    const extra = Object.keys(args).filter((key) => args[key] !== undefined);
    if (extra.length === 0) return {};
    throw new BadRequestError(`${path} takes no arguments. Found: ${extra.slice(0, MAX_ISSUES).join(", ")}.`);
  }
  const parsed = parseBy(fn.args, args, path, "args");
  if (parsed.success) return parsed.data as Record<string, unknown>;
  throw notAccepted(path, parsed.error.issues);
}

/**
 * The arguments of an invalidation, each parsed by the query's own field schema, as comparable text by name.
 * Keys whose value is undefined count as absent.
 * @throws {BadRequestError} when the query has no such argument or one does not parse.
 */
export function parseMatch(
  query: RegisteredFunction,
  path: string,
  partial: Record<string, unknown>,
): Map<string, string> {
  const match = new Map<string, string>();
  for (const [name, value] of Object.entries(partial)) {
    if (value === undefined) continue;
    const field = query.args && Object.hasOwn(query.args.shape, name) ? query.args.shape[name] : undefined;
    if (!field) throw new BadRequestError(`invalidate(${path}, …): the query has no argument "${name}".`);
    const parsed = parseBy(field as Parameters<typeof parseBy>[0], value, path, "args");
    if (!parsed.success) throw notAccepted(`invalidate(${path}, …)`, parsed.error.issues, name);
    match.set(name, comparable(parsed.data));
  }
  return match;
}

/** Parsed arguments as live queries and invalidations are compared by them. */
export function argumentTexts(parsed: Record<string, unknown>): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(parsed)) if (value !== undefined) texts.set(name, comparable(value));
  return texts;
}

/** Longer texts are kept as their hash: they stand in several keys of each live query. */
const LONGEST_TEXT = 1024;

/** Equal for equal values, and for those only: by canonical text, or by what no other text is known to lead to. */
function comparable(value: unknown): string {
  const text = canonical(value);
  if (text.length <= LONGEST_TEXT) return text;
  // No canonical text begins like this: it is JSON.
  return `sha256:${createHash("sha256").update(text).digest("base64url")}`;
}

function notAccepted(what: string, found: readonly ParseIssue[], field?: string): BadRequestError {
  const issues: Issue[] = found.slice(0, MAX_ISSUES).map((issue) => ({
    path: [...(field === undefined ? [] : [field]), ...issue.path.map((p) => (typeof p === "symbol" ? String(p) : p))],
    message: issue.message,
  }));
  const first = issues[0];
  const detail = first ? ` ${first.path.length > 0 ? `"${first.path.join(".")}": ` : ""}${first.message}` : "";
  return new BadRequestError(`${what} does not accept these arguments.${detail}`, issues);
}
