import { type Environment, type Log, machineEnvironment } from "../environment/environment.ts";
import { type BrowserTab, browserTab } from "./connection/browser-tab.ts";
import { type ClientSocket, socketUrl, type WebSocketConstructor } from "./connection/client-socket.ts";
import { consoleLog } from "./create-sync-client.ts";
import { SyncClient } from "./sync-client.ts";

export interface ClientOptions {
  /** Default: the `WebSocket` of the browser or of Node. The constructor of `ws` fits. */
  webSocketConstructor?: WebSocketConstructor;
  /** Where to tell what the author of the page should know. Default: the console. */
  logger?: Log;
  /** Sent with each connection, for the server to know who is calling. Node only: a browser sends its cookies. */
  headers?: Record<string, string>;
  /** Clock, chance, timers and, instead of `logger`, a log. Default: the machine's. */
  environment?: Environment;
  /** What tells whether somebody looks, and asks before the page is left. Default: the page around, if there is one. */
  page?: BrowserTab;
}

/** A client that is told where it lives. Connects nothing yet. */
export function configuredClient(url: string | undefined, options: ClientOptions): SyncClient {
  const environment = options.environment ?? machineEnvironment(options.logger ?? consoleLog);
  return new SyncClient(environment, options.page ?? browserTab(), () => openSocket(url, options));
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
