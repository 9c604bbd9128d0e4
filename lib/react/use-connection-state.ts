import { useSyncExternalStore } from "react";
import { type ConnectionState, NOT_CONNECTED } from "../client/sync-client.ts";
import { useSyncClient } from "./provider.ts";

/** How the page is connected, and how many mutations wait for the server. */
export function useConnectionState(): ConnectionState {
  const client = useSyncClient();
  return useSyncExternalStore(client.subscribeToConnectionState, client.connectionState, () => NOT_CONNECTED);
}
