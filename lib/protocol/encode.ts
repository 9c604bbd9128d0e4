/**
 * Writes messages of the server around text that is serialised already, so that an answer is serialised once for all of
 * its clients. This is the only place that writes keys of the wire as text: each is checked against the type of its
 * message, so that a renamed field does not compile.
 */
import type { Outcome, WireError } from "./outcome.ts";
import type { Answer, Patch, ServerMessage, Transition } from "./server-message.ts";

type Message<Type extends ServerMessage["type"]> = Extract<ServerMessage, { type: Type }>;
type ValueAnswer = Extract<Answer, { value: unknown }>;
type ErrorAnswer = Extract<Answer, { error: unknown }>;

const first = <Of>(key: Extract<keyof Of, string>): string => `{"${key}":`;
const next = <Of>(key: Extract<keyof Of, string>): string => `,"${key}":`;
const begin = <Type extends ServerMessage["type"]>(type: Type): string => `${first<ServerMessage>("type")}"${type}"`;

/** Any message. */
export function encodeMessage(message: ServerMessage): string {
  return JSON.stringify(message);
}

// ── outcomes of calls ──

const SUCCESS = `${first<Outcome<unknown>>("ok")}true${next<Extract<Outcome<unknown>, { ok: true }>>("value")}`;
const FAILURE = `${first<Outcome<unknown>>("ok")}false${next<Extract<Outcome<unknown>, { ok: false }>>("error")}`;

/** The outcome of a call that has succeeded. @param valueText Its result as wire text. */
export function encodeSuccess(valueText: string): string {
  return `${SUCCESS}${valueText}}`;
}

/** The same in parts, for who writes them one after the other: to join a large text takes as long as to write it. */
export function successParts(valueText: string): string[] {
  return [SUCCESS, valueText, "}"];
}

/** The outcome of a call that has failed. */
export function encodeFailure(error: WireError): string {
  return `${FAILURE}${JSON.stringify(error)}}`;
}

/** Has the call of this outcome, which `encodeSuccess` or `encodeFailure` has written, succeeded? */
export function isSuccess(outcome: string): boolean {
  return outcome.startsWith(SUCCESS);
}

type Replies = Message<"MutationSucceeded"> | Message<"MutationFailed">;
const MUTATION_SUCCEEDED = `${begin("MutationSucceeded")}${next<Replies>("request")}`;
const MUTATION_FAILED = `${begin("MutationFailed")}${next<Replies>("request")}`;
const ACTION_SUCCEEDED = `${begin("ActionSucceeded")}${next<Message<"ActionSucceeded">>("request")}`;
const VALUE = next<Message<"MutationSucceeded"> & Message<"ActionSucceeded">>("value");
const ERROR = next<Message<"MutationFailed">>("error");

/** The reply to a mutation. @param outcome What `encodeSuccess` or `encodeFailure` has written. */
export function encodeMutationReply(request: number, outcome: string): string {
  if (isSuccess(outcome)) return `${MUTATION_SUCCEEDED}${request}${VALUE}${outcome.slice(SUCCESS.length)}`;
  return `${MUTATION_FAILED}${request}${ERROR}${outcome.slice(FAILURE.length)}`;
}

/** The reply to an action that has succeeded. @param valueText Its result as wire text. */
export function encodeActionReply(request: number, valueText: string): string {
  return `${ACTION_SUCCEEDED}${request}${VALUE}${valueText}}`;
}

// ── answers ──

const LIVE = first<Answer>("live");
const TOKEN = next<ValueAnswer & Patch>("token");
const ANSWER_VALUE = next<ValueAnswer>("value");
const ANSWER_ERROR = next<ErrorAnswer>("error");
const SPLICES = next<Patch>("splices");
const AROUND = next<Patch>("around");

/** A whole answer. @param valueText The value as wire text. */
export function encodeValueAnswer(live: number, token: string, valueText: string): string {
  return `${LIVE}${live}${TOKEN}"${token}"${ANSWER_VALUE}${valueText}}`;
}

export function encodeErrorAnswer(live: number, error: WireError): string {
  return `${LIVE}${live}${ANSWER_ERROR}${JSON.stringify(error)}}`;
}

/**
 * What changed in an answer.
 * @param check What the client's own check of the value after the patch must be: see `checkOf`.
 * @param splices Each as text: `[at,removed,…rows]`.
 * @param around The value without the rows of its list, as text, if it has changed.
 */
export function encodePatch(
  live: number,
  token: string,
  check: string,
  splices: readonly string[],
  around?: string,
): string {
  const rest = around === undefined ? "" : `${AROUND}${around}`;
  return `${LIVE}${live}${TOKEN}"${token}${check}"${SPLICES}[${splices.join(",")}]${rest}}`;
}

// ── transitions ──

const TRANSITION = `${begin("Transition")}${next<Transition>("at")}`;
const REFLECTED = next<Transition>("reflected");
const MAPS = next<Transition>("maps");
const REFUSED = next<Transition>("refused");
const ANSWERS = next<Transition>("answers");

type HeadFields = { readonly [Key in "reflected" | "maps" | "refused"]?: Readonly<Transition[Key]> };

/** A transition without its answers: `encodeTransition` ends it. */
export function encodeTransitionHead(at: number, rest?: HeadFields): string {
  let head = `${TRANSITION}${at}`;
  if (rest === undefined) return head;
  if (rest.reflected?.length) head += `${REFLECTED}${JSON.stringify(rest.reflected)}`;
  if (rest.maps?.length) head += `${MAPS}${JSON.stringify(rest.maps)}`;
  if (rest.refused?.length) head += `${REFUSED}${JSON.stringify(rest.refused)}`;
  return head;
}

const PATCH = `${begin("Patch")}${next<Message<"Patch">>("at")}`;

/** A transition with nothing in it but one patch. @param patch As `encodePatch` has written it: its fields become the message's. */
export function encodePatchAlone(at: number, patch: string): string {
  return `${PATCH}${at},${patch.slice("{".length)}`;
}

/** @param answers Each as `encodeValueAnswer`, `encodeErrorAnswer` or `encodePatch` has written it. */
export function encodeTransition(head: string, answers: readonly { readonly text: string }[]): string {
  if (answers.length === 0) return `${head}}`;
  return `${head}${ANSWERS}[${answers.map(({ text }) => text).join(",")}]}`;
}
