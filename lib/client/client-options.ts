import { type Environment, type Log, machineEnvironment } from "../environment/environment.ts";
import type { BrowserTab } from "./connection/browser-tab.ts";
import { type ClientSocket, socketUrl, type WebSocketConstructor } from "./connection/client-socket.ts";
import { SyncClient } from "./sync-client.ts";

/** The options of a `ConvexClient`. */
export interface ClientOptions {
  /**
   * The class of the sockets, such as that of the package `ws`.
   * @default the global `WebSocket` of the browser or of Node.
   */
  webSocketConstructor?: WebSocketConstructor;
  /**
   * Where messages for the developer go.
   * @default the console.
   */
  logger?: Log;
  /** HTTP headers of each connection, by which the server identifies the caller. In Node only: a browser sends its cookies. */
  headers?: Record<string, string>;
  /**
   * Clock, chance, timers and log, for tests. Its log replaces `logger`.
   * @default the machine's.
   */
  environment?: Environment;
  /**
   * Whether the page is visible, when it returns, and the prompt before it is left, for tests.
   * @default the page around; without one, a page that is always visible.
   */
  page?: BrowserTab;
}

/** A client with these options. It does not connect yet. */
export function configuredClient(url: string | undefined, options: ClientOptions): SyncClient {
  const { environment, logger, page } = options;
  return new SyncClient(() => openSocket(url, options), environment ?? (logger && machineEnvironment(logger)), page);
}

function openSocket(site: string | undefined, { webSocketConstructor, headers }: ClientOptions): ClientSocket {
  const Constructor = webSocketConstructor ?? globalThis.WebSocket;
  if (Constructor === undefined) {
    throw new Error(
      "This machine has no WebSocket." +
        (process.env.NODE_ENV !== "production" ? " Give one: new ConvexClient(url, { webSocketConstructor })." : ""),
    );
  }
  const url = socketUrl(site);
  return headers ? new Constructor(url, { headers } as never) : new Constructor(url);
}
