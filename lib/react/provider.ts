import { createContext, createElement, type ReactNode, useContext, useEffect, useMemo } from "react";
import { ConvexClient } from "../client/convex-client.ts";

const ClientContext = createContext<ConvexClient | undefined>(undefined);

export interface ConvexProviderProps {
  /** Where the server is, such as `https://example.com`. Default: where the page came from. */
  url?: string;
  /** Your own client, which you close yourself. Default: one of the provider's own. */
  client?: ConvexClient;
  children?: ReactNode;
}

/** Gives the hooks below it their client. Needs no props. Each render on the server gets a client of its own. */
export function ConvexProvider({ url, client: given, children }: ConvexProviderProps): ReactNode {
  const client = useMemo(() => given ?? new ConvexClient(url), [given, url]);
  useEffect(() => (given === undefined ? client.sync.hold() : undefined), [given, client]);
  return createElement(ClientContext.Provider, { value: client }, children);
}

/** @throws when there is no provider above. */
export function useConvexClient(): ConvexClient {
  const client = useContext(ClientContext);
  if (client) return client;
  throw new Error(
    "This hook needs <ConvexProvider> above its component, for instance around children in app/layout.tsx.",
  );
}
