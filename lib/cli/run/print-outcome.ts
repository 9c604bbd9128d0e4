import { inspect, styleText } from "node:util";
import type { Outcome, WireError } from "../../protocol/outcome.ts";
import { fromWire, type Wire } from "../../values/wire.ts";

/**
 * Prints how a function ended: its value on stdout, its error on stderr. As JSON both are one object on stdout, in wire
 * form: `{"ok":true,"value":…}` or `{"ok":false,"error":…}`.
 */
export function printOutcome(path: string, outcome: Outcome<Wire>, { json }: { json: boolean }): void {
  if (json) console.log(JSON.stringify(outcome));
  else if (outcome.ok) console.log(valueText(outcome.value, process.stdout));
  else console.error(errorText(path, outcome.error));
}

/** A value as JavaScript would write it: keys without quotes, a date as its time, a bigint with its `n`. Nothing is left out. */
export function valueText(wire: Wire, stream: NodeJS.WriteStream): string {
  return inspect(fromWire(wire), {
    colors: styleText("bold", "x", { stream }) !== "x",
    depth: Number.POSITIVE_INFINITY,
    maxArrayLength: Number.POSITIVE_INFINITY,
    maxStringLength: Number.POSITIVE_INFINITY,
    breakLength: stream.columns ?? 120,
  });
}

function errorText(path: string, error: WireError): string {
  switch (error.kind) {
    case "application":
      return `ConvexError: ${valueText(error.data, process.stderr)}`;
    case "badRequest":
      return error.issues?.length ? issuesText(path, error.issues) : error.message;
    case "internal":
      return error.message === undefined
        ? `${path} failed. The server's log tells why under incident ${error.incident}.`
        : `${path} failed: ${error.message}`;
    case "unavailable":
      return error.message;
  }
}

function issuesText(path: string, issues: NonNullable<Extract<WireError, { kind: "badRequest" }>["issues"]>): string {
  const lines = issues.map((issue) => `  ${issue.path.join(".") || "(the arguments)"}: ${issue.message}`);
  return [`${path} does not accept these arguments:`, ...lines].join("\n");
}
