import { useMemo, useSyncExternalStore } from "react";
import { type ConnectionState, ConnectionStatus, NOT_CONNECTED } from "../client/connection-status.ts";
import { useSyncClient } from "./provider.ts";

/** How the page is connected, and how many mutations wait for the server. */
export function useConnectionState(): ConnectionState {
  const client = useSyncClient();
  const status = useMemo(() => new ConnectionStatus(client), [client]);
  return useSyncExternalStore(status.subscribe, status.state, () => NOT_CONNECTED);
}
