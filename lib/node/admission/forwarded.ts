import type { IncomingMessage } from "node:http";

/** What the outermost trusted proxy says of the request that it received. Undefined is what it does not say. */
export interface Forwarded {
  /** The host that the client called, with its port unless that is the scheme's own. */
  readonly host: string | undefined;
  /** The port that the client called. */
  readonly port: string | undefined;
  /** Whether the client's connection was encrypted. */
  readonly scheme: Scheme | undefined;
  /** The client's address. */
  readonly address: string | undefined;
}

/** The scheme of a page. A socket of the page has the same one: `ws` stands for `http`, `wss` for `https`. */
export type Scheme = "http" | "https";

const SCHEMES: Readonly<Record<string, Scheme>> = { http: "http", ws: "http", https: "https", wss: "https" };

/**
 * Reads the `X-Forwarded-*` headers.
 * @param proxies How many proxies stand in front and are trusted; with 0 the headers are not read. Each proxy either
 *   replaces a header or appends to it, so what the outermost of them wrote is that many entries from the end. Entries
 *   before it were sent by the client, which may write anything.
 */
export function forwarded({ headers }: Pick<IncomingMessage, "headers">, proxies: number): Forwarded {
  const told = (name: string) => (proxies > 0 ? outermost(headers[name], proxies) : undefined);
  const scheme = told("x-forwarded-proto")?.toLowerCase();
  return {
    host: told("x-forwarded-host"),
    port: told("x-forwarded-port"),
    scheme: scheme !== undefined && Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined,
    address: told("x-forwarded-for"),
  };
}

/** A header with fewer entries than there are proxies was replaced on its way: its first entry is the oldest known. */
function outermost(header: string | string[] | undefined, proxies: number): string | undefined {
  const entries = [header ?? []].flat().flatMap((value) => value.split(","));
  const entry = entries[Math.max(0, entries.length - proxies)]?.trim();
  return entry === "" ? undefined : entry;
}
