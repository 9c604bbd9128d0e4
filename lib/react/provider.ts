import { createContext, createElement, type ReactNode, useContext, useEffect, useMemo } from "react";
import type { ConvexClient } from "../client/convex-client.ts";
import { createSyncClient } from "../client/create-sync-client.ts";
import type { SyncClient } from "../client/sync-client.ts";

const ClientContext = createContext<SyncClient | undefined>(undefined);

export interface ConvexProviderProps {
  /** Where the server is, such as `https://example.com`. Default: where the page came from. */
  url?: string;
  /** Your own client, which you close yourself. Default: one of the provider's own. */
  client?: ConvexClient;
  children?: ReactNode;
}

/** Gives the hooks below it their client. Needs no props. Each render on the server gets a client of its own. */
export function ConvexProvider({ url, client: given, children }: ConvexProviderProps): ReactNode {
  const client = useMemo(() => given?.sync ?? createSyncClient(url), [given, url]);
  useEffect(() => (given === undefined ? client.hold() : undefined), [given, client]);
  return createElement(ClientContext.Provider, { value: client }, children);
}

/** @throws when there is no provider above. */
export function useSyncClient(): SyncClient {
  const client = useContext(ClientContext);
  if (client) return client;
  throw new Error(
    "This hook needs <ConvexProvider> above it" +
      (process.env.NODE_ENV !== "production" ? ", for instance around children in app/layout.tsx." : "."),
  );
}
