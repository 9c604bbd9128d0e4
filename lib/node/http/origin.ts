import type { IncomingMessage } from "node:http";

/** Which origins may connect and call. Pages of the server's own host always may. */
export interface OriginRules {
  /**
   * Whether to believe the headers `X-Forwarded-Host`, `X-Forwarded-Proto` and `X-Forwarded-For`. Set it only behind a
   * proxy that sets them itself.
   */
  trustProxy: boolean;
  /**
   * Further origins whose pages may connect and call, exactly as browsers send them: `https://app.example`.
   * @default []
   */
  origins?: readonly string[];
}

/**
 * Tells whether a page of the request's origin may connect and call: if its host is the one that was called, or if the
 * origin is listed.
 *
 * A request without `Origin` is not from a browser and is allowed, because it cannot carry the cookies of an unsuspecting
 * user. The origin `null` (of a sandboxed frame or a `data:` page) names no site and is refused. Without a trusted proxy
 * the server cannot tell whether the browser's connection was encrypted, so `http` and `https` count as the same scheme.
 */
export function originAllowed(request: IncomingMessage, { trustProxy, origins = [] }: OriginRules): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return true;
  if (origins.includes(origin)) return true;
  // The usual form, tested without parsing; other forms are compared part by part below.
  if (!trustProxy && (origin === `http://${request.headers.host}` || origin === `https://${request.headers.host}`))
    return true;
  if (!URL.canParse(origin)) return false;
  const { protocol, host, origin: exact } = new URL(origin);
  if (exact !== origin || (protocol !== "http:" && protocol !== "https:")) return false;
  const forwarded = trustProxy ? first(request.headers["x-forwarded-proto"]) : undefined;
  if (forwarded !== undefined && protocol !== `${forwarded}:`) return false;
  return host === ownHost(request, protocol, trustProxy);
}

/** The host that was called, as `URL` prints it: for `https`, `example.com:443` becomes `example.com`. */
function ownHost(request: IncomingMessage, protocol: string, trustProxy: boolean): string | undefined {
  const host = (trustProxy ? first(request.headers["x-forwarded-host"]) : undefined) ?? request.headers.host;
  return host !== undefined && URL.canParse(`${protocol}//${host}`) ? new URL(`${protocol}//${host}`).host : undefined;
}

/** The first value of a header to which each proxy has added one: the client's. */
function first(header: string | string[] | undefined): string | undefined {
  const value = (Array.isArray(header) ? header[0] : header)?.split(",")[0]?.trim();
  return value === "" ? undefined : value;
}

/** The address of the client: of the connection's other end, or what the trusted proxy says. */
export function clientAddress(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? first(request.headers["x-forwarded-for"]) : undefined;
  return forwarded ?? request.socket.remoteAddress ?? "";
}
