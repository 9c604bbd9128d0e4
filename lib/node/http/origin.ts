import type { IncomingMessage } from "node:http";

export interface OriginRules {
  /** Believe `X-Forwarded-Host` and `X-Forwarded-Proto`. */
  trustProxy: boolean;
  /** Other origins whose pages may call, exactly as browsers send them: `https://app.example`. */
  origins?: readonly string[];
}

/**
 * May a page of this request's origin call us? Yes for the host it called, and for the origins listed.
 *
 * No `Origin` at all is not a browser, and is allowed: there is no user whose cookies could be borrowed. `null` (a
 * sandboxed frame, a `data:` page) belongs to nobody and is refused. Without a trusted proxy, nobody knows whether the
 * browser's side was encrypted, so `http` and `https` count as one.
 */
export function originAllowed(request: IncomingMessage, { trustProxy, origins = [] }: OriginRules): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return true;
  if (origins.includes(origin)) return true;
  // As browsers send it nearly always; what differs is compared part by part.
  if (!trustProxy && (origin === `http://${request.headers.host}` || origin === `https://${request.headers.host}`))
    return true;
  if (!URL.canParse(origin)) return false;
  const { protocol, host, origin: exact } = new URL(origin);
  if (exact !== origin || (protocol !== "http:" && protocol !== "https:")) return false;
  const forwarded = trustProxy ? first(request.headers["x-forwarded-proto"]) : undefined;
  if (forwarded !== undefined && protocol !== `${forwarded}:`) return false;
  return host === ownHost(request, protocol, trustProxy);
}

/** As `URL` prints it, so that `example.com:443` and `example.com` are the same host to `https`. */
function ownHost(request: IncomingMessage, protocol: string, trustProxy: boolean): string | undefined {
  const host = (trustProxy ? first(request.headers["x-forwarded-host"]) : undefined) ?? request.headers.host;
  return host !== undefined && URL.canParse(`${protocol}//${host}`) ? new URL(`${protocol}//${host}`).host : undefined;
}

/** The client's own value, where proxies have each added theirs. */
function first(header: string | string[] | undefined): string | undefined {
  const value = (Array.isArray(header) ? header[0] : header)?.split(",")[0]?.trim();
  return value === "" ? undefined : value;
}

/** Who is at the other end of the connection, or at the other end of the proxy that we trust. */
export function clientAddress(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? first(request.headers["x-forwarded-for"]) : undefined;
  return forwarded ?? request.socket.remoteAddress ?? "";
}
