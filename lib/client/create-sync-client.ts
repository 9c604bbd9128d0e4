import { type Log, machineEnvironment } from "../environment/environment.ts";
import { browserTab } from "./connection/browser-tab.ts";
import { socketUrl } from "./connection/client-socket.ts";
import { SyncClient } from "./sync-client.ts";

/** The client of the page around. It does not connect yet: safe while rendering, on a server too. */
export function createSyncClient(url: string | undefined): SyncClient {
  return new SyncClient(machineEnvironment(consoleLog), browserTab(), () => new WebSocket(socketUrl(url)));
}

export const consoleLog: Log = { info: toConsole("info"), warn: toConsole("warn"), error: toConsole("error") };

function toConsole(level: keyof Log): Log[keyof Log] {
  return (message, ...about) => console[level](`convex-lite: ${message}`, ...about);
}
