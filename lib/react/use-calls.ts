import { useMemo, useSyncExternalStore } from "react";
import { type CallState, Calls, NOT_CALLED } from "../client/calls/call-state.ts";
import { pathFrom } from "../client/calls/named-call.ts";
import type { SyncClient } from "../client/sync-client.ts";
import { useSyncClient } from "./provider.ts";

/** Makes what calls one function for one component. */
type Caller<Call> = (client: SyncClient, path: string, calls: Calls) => Call;

/**
 * The state of this component's calls of one function, and what `caller` has made to call it.
 * @param caller The same function on every render.
 */
export function useCalls<Call>(reference: unknown, caller: Caller<Call>): CallState & { call: Call } {
  const client = useSyncClient();
  const path = pathFrom(reference);
  const { calls, call } = useMemo(() => {
    const calls = new Calls();
    return { calls, call: caller(client, path, calls) };
  }, [client, path, caller]);
  const { isPending, error } = useSyncExternalStore(calls.subscribe, calls.state, () => NOT_CALLED);
  return { call, isPending, error };
}
