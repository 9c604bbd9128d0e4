import { useCallback, useSyncExternalStore } from "react";
import type { ConnectionState } from "../client/sync-client.ts";
import { useSyncClient } from "./provider.ts";

const BEFORE: ConnectionState = { state: "connecting", hasEverConnected: false, pendingMutations: 0 };

/** How the page is connected, and how many mutations wait for the server. */
export function useConnectionState(): ConnectionState {
  const client = useSyncClient();
  const subscribe = useCallback((listener: () => void) => client.subscribeToConnectionState(listener), [client]);
  return useSyncExternalStore(
    subscribe,
    () => client.connectionState(),
    () => BEFORE,
  );
}
