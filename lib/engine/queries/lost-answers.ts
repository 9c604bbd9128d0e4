import type { Log } from "../../environment/environment.ts";
import type { WireError } from "../../protocol/outcome.ts";
import { toWire, type Wire } from "../../values/wire.ts";
import type { ErrorAnswer } from "../answers/answer.ts";
import type { LiveQuery } from "./live-query.ts";

/** A page that shows an answer. */
interface Page {
  notice(message: string): void;
}

/**
 * Development: tells the terminal and the pages that a query which a page shows gives no answer any more. The page goes on
 * showing the last one, and without this its console would be empty.
 */
export class LostAnswers {
  readonly #log: Log;
  readonly #told = new WeakSet<ErrorAnswer>();
  readonly #refused = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Its run has ended with an error. */
  failed(live: LiveQuery, answer: ErrorAnswer, page: Page): void {
    const message = sentence(live.path, toWire(live.call.args), answer.error);
    if (!this.#told.has(answer)) this.#log.warn(message);
    this.#told.add(answer);
    page.notice(message);
  }

  /** The functions have been replaced, and there is no such query or it takes other arguments. */
  refused(path: string, args: Record<string, Wire>, error: WireError, page: Page): void {
    const message = sentence(path, args, error);
    if (!this.#refused.has(message)) this.#log.warn(message);
    this.#refused.add(message);
    page.notice(message);
  }

  /** The functions have been replaced: what is refused now is news. */
  forget(): void {
    this.#refused.clear();
  }
}

function sentence(path: string, args: Wire, error: WireError): string {
  const text = JSON.stringify(args);
  const shown = text === "{}" ? "" : text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return `${path}(${shown}) fails now, and open pages go on showing its last result. ${error.message ?? ""}`.trim();
}
