import { useMemo, useSyncExternalStore } from "react";
import { type CallState, Calls, NOT_CALLED } from "../client/calls/call-state.ts";
import { pathFrom } from "../client/calls/named-call.ts";
import type { SyncClient } from "../client/sync-client.ts";
import { useSyncClient } from "./provider.ts";

/** Makes what calls one function for one component. */
type Caller<Call> = (client: SyncClient, path: string, calls: Calls) => Call;

/** Adds the state of the calls to methods. `error` is a getter: it tells whether the component reads it. */
type WithState = <Methods extends object>(methods: Methods) => Methods & CallState;

/**
 * What `caller` has made to call a function, and the state of this component's calls of it. Both are the same until they
 * change.
 * @param caller The same function on every render.
 */
export function useCalls<Call>(reference: unknown, caller: Caller<Call>): { call: Call; withState: WithState } {
  const client = useSyncClient();
  const path = pathFrom(reference);
  const { calls, call } = useMemo(() => {
    const calls = new Calls();
    return { calls, call: caller(client, path, calls) };
  }, [client, path, caller]);
  const { isPending, error } = useSyncExternalStore(calls.subscribe, calls.state, () => NOT_CALLED);
  const withState = useMemo<WithState>(
    () => (methods) =>
      Object.assign(
        {
          isPending,
          get error() {
            calls.isErrorRead = true;
            return error;
          },
        },
        methods,
      ),
    [calls, isPending, error],
  );
  return { call, withState };
}
