import type { IncomingMessage } from "node:http";
import type { Environment, Log } from "../../environment/environment.ts";
import { forwarded, type Scheme } from "./forwarded.ts";
import { RefusalLog, shown } from "./refusal-log.ts";

/** Which origins may connect and call. Pages of the server's own host always may. */
export interface OriginRules {
  /**
   * How many proxies stand in front of the server. Their headers `X-Forwarded-Host`, `-Proto`, `-Port` and `-For` are
   * believed; with 0 they are not read. Count only proxies that write these headers themselves.
   */
  trustProxy: number;
  /**
   * Further origins whose pages may connect and call, exactly as browsers send them: `https://app.example`.
   * @default []
   */
  origins?: readonly string[];
}

/**
 * Tells whether a page of the request's origin may connect and call: if the page was loaded from the host, the port and
 * the scheme that were called, or if its origin is listed.
 *
 * A request without `Origin` is not from a browser and is allowed, because it cannot carry the cookies of an unsuspecting
 * user. The origin `null` (of a sandboxed frame or a `data:` page) names no site and is refused. The server itself speaks
 * http: an `https` page is its own only behind a trusted proxy.
 */
export function originAllowed(request: IncomingMessage, { trustProxy, origins = [] }: OriginRules): boolean {
  const { origin } = request.headers;
  if (origin === undefined || origins.includes(origin)) return true;
  // The usual form, tested without parsing.
  if (trustProxy === 0 && origin === `http://${request.headers.host}`) return true;
  return ownOrigins(request, trustProxy).includes(origin);
}

/** Checks the origin of requests, and logs the origins that it refuses. */
export class OriginCheck {
  readonly #rules: OriginRules;
  readonly #refusals: RefusalLog;

  constructor(rules: OriginRules, log: Log, clock: Pick<Environment, "now">) {
    this.#rules = rules;
    this.#refusals = new RefusalLog(log, clock);
  }

  allows(request: IncomingMessage): boolean {
    if (originAllowed(request, this.#rules)) return true;
    const { trustProxy } = this.#rules;
    const { scheme } = forwarded(request, trustProxy);
    const host = `${scheme ? `${scheme}://` : ""}${shown(calledHost(request, trustProxy))}`;
    this.#refusals.write(
      `refused a page of the origin ${shown(request.headers.origin)}, as the host that was called is ${host}. ` +
        `Behind proxies set TRUST_PROXY to their number (it is ${trustProxy}), and let them send X-Forwarded-Host and ` +
        "X-Forwarded-Proto. Another site is admitted by `origins` in server.ts.",
    );
    return false;
  }
}

/** The host that was called, as the trusted proxy or the request says. */
export function calledHost(request: IncomingMessage, trustProxy: number): string | undefined {
  return forwarded(request, trustProxy).host ?? request.headers.host;
}

/**
 * The origins of pages that were loaded from where this request came. Some proxies tell the port only by a header of its
 * own; others write there the port on which they listen themselves, so the host counts without it, too.
 */
function ownOrigins(request: IncomingMessage, trustProxy: number): string[] {
  const { scheme, port } = forwarded(request, trustProxy);
  const host = calledHost(request, trustProxy);
  const schemes: Scheme[] = scheme ? [scheme] : trustProxy > 0 ? ["http", "https"] : ["http"];
  const hosts = port === undefined || /:\d+$/.test(host ?? "") ? [host] : [host, `${host}:${port}`];
  return schemes.flatMap((each) => hosts.flatMap((own) => originOf(`${each}://${own}`) ?? []));
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
