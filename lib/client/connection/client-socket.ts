/** The little of a WebSocket that the client needs: a browser's, Node's own and that of `ws` have it. */
export interface ClientSocket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { code: number; reason: string }) => void): void;
}

/** Called as `new Constructor(url)`, or with `{ headers }` as second argument where the client was given headers. */
export type WebSocketConstructor = new (url: string, ...rest: never[]) => ClientSocket;

const PATH = "/api/sync";

/**
 * The address of the socket for the address of a site.
 * @param site Such as `https://example.com`; undefined means where the page came from.
 * @throws when there is no page to take it from, or it is no address.
 */
export function socketUrl(site: string | undefined): string {
  const from = site ?? globalThis.location?.origin;
  if (from === undefined) {
    throw new Error(
      "The server's address is missing" +
        (process.env.NODE_ENV !== "production"
          ? ', and no page to take it from: new ConvexClient("http://localhost:3000").'
          : "."),
    );
  }
  const url = new URL(from);
  url.protocol = url.protocol.replace("http", "ws");
  if (!url.pathname.endsWith(PATH)) url.pathname = url.pathname.replace(/\/$/, "") + PATH;
  return url.href;
}
