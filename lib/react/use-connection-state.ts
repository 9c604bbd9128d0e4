import { useMemo, useSyncExternalStore } from "react";
import { type ConnectionState, ConnectionStatus, NOT_CONNECTED } from "../client/connection-status.ts";
import { useSyncClient } from "./provider.ts";

/**
 * The state of the connection, and how many mutations have not ended. The component renders again when it changes.
 *
 * @returns the state; `connecting` on the server and on the first render in the browser.
 * @throws when there is no `ConvexProvider` above.
 *
 * @example
 * const { state, pendingMutations } = useConnectionState();
 * if (state === "waiting") return <p>Offline. {pendingMutations} changes are saved when you are back.</p>;
 */
export function useConnectionState(): ConnectionState {
  const client = useSyncClient();
  const status = useMemo(() => new ConnectionStatus(client), [client]);
  return useSyncExternalStore(status.subscribe, status.state, () => NOT_CONNECTED);
}
