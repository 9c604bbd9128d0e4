import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { Environment, Log } from "../../environment/environment.ts";
import type { Settings } from "../process/settings.ts";
import { calledHost } from "./origin.ts";
import { RefusalLog, shown } from "./refusal-log.ts";

/** By which host names the server may be called. */
export type HostRules = Pick<Settings, "development" | "host" | "allowedHosts" | "trustProxy">;

/**
 * Tells whether the host that a request names may be called. In production every host may. In development a page of any
 * site could point its own name at this machine, and would then read and write the developer's database as its own
 * server (DNS rebinding). So only names are served that no other site can have: addresses, `localhost` and its
 * subdomains, the name of this machine, `HOST`, and the names in `ALLOWED_HOSTS`.
 * @param machine The machine's name. Default: what the system says.
 */
export function hostAllowed(request: IncomingMessage, rules: HostRules, machine = hostname()): boolean {
  if (!rules.development) return true;
  const called = calledHost(request, rules.trustProxy);
  // Only clients of HTTP/1.0 name no host; browsers always do.
  if (called === undefined) return true;
  const name = nameOf(called);
  if (name === undefined) return false;
  const own = [rules.host, machine, `${machine}.local`, ...rules.allowedHosts].map((each) => each.toLowerCase());
  return (
    isIP(name) !== 0 || name === "localhost" || name.endsWith(".localhost") || own.some((each) => covers(each, name))
  );
}

/** The name without the port, in lower case; an IPv6 address without its brackets. */
function nameOf(host: string): string | undefined {
  if (!/^[\w.:[\]-]+$/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`).hostname.replace(/^\[|\]$|\.$/g, "");
}

/** `*.example.com` covers every subdomain of `example.com`. */
function covers(allowed: string, name: string): boolean {
  return allowed.startsWith("*.") ? name.endsWith(allowed.slice(1)) : name === allowed;
}

/** Checks the host of requests, and logs the hosts that it refuses. */
export class HostCheck {
  readonly #rules: HostRules;
  readonly #refusals: RefusalLog;

  constructor(rules: HostRules, log: Log, clock: Pick<Environment, "now">) {
    this.#rules = rules;
    this.#refusals = new RefusalLog(log, clock);
  }

  /** @returns what the client is told when its request is refused. */
  refusalOf(request: IncomingMessage): string | undefined {
    if (hostAllowed(request, this.#rules)) return undefined;
    const called = shown(calledHost(request, this.#rules.trustProxy));
    const name = called.replace(/:\d+$/, "");
    const refusal =
      `refused a request for the host ${called}: in development any site could have that name. ` +
      `If it is a name of this server, add it to the environment or .env.local: ALLOWED_HOSTS=${name}`;
    this.#refusals.write(refusal);
    return refusal;
  }
}
