/** The part of a WebSocket that the client uses. Those of browsers, of Node and of `ws` have it. */
export interface ClientSocket {
  /** Sends one text message. */
  send(text: string): void;
  /** Closes the socket. */
  close(code?: number, reason?: string): void;
  /** Calls back at every event of a type. */
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { code: number; reason: string }) => void): void;
}

/** Called as `new Constructor(url)`. If the client was given headers, `{ headers }` is the second argument. */
export type WebSocketConstructor = new (url: string, ...rest: never[]) => ClientSocket;

/**
 * The URL of the socket for the URL of a site.
 * @param site Such as `https://example.com`, or a path on the page's origin. Default: the origin of the page.
 * @throws when `site` is missing and there is no page, or when it is not a URL.
 */
export function socketUrl(site: string | undefined): string {
  const page = globalThis.location?.origin;
  if ((site ?? page) === undefined) {
    throw new Error(
      "The server's address is missing" +
        (process.env.NODE_ENV !== "production"
          ? ', and no page to take it from: new ConvexClient("http://localhost:3000").'
          : "."),
    );
  }
  const url = new URL(site ?? "", page);
  // It may end with the path already, or with a slash.
  url.pathname = url.pathname.replace(/(\/api\/sync|\/)?$/, "/api/sync");
  return url.href.replace(/^http/, "ws");
}
