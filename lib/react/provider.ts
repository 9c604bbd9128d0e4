import { createContext, createElement, type ReactNode, useContext, useEffect, useMemo } from "react";
import { socketUrl } from "../client/connection/client-socket.ts";
import type { ConvexClient } from "../client/convex-client.ts";
import { SyncClient } from "../client/sync-client.ts";

/** The client of a provider, in both of its forms. */
export interface ProvidedClient {
  readonly sync: SyncClient;
  /** What an application holds of it: given to the provider, or made by the first `useConvex`. */
  client: ConvexClient | undefined;
}

const ClientContext = createContext<ProvidedClient | undefined>(undefined);

/** The props of `ConvexProvider`. */
export interface ConvexProviderProps {
  /**
   * The server's URL, such as `https://example.com`, or a path on the page's origin, such as `/shop`: the socket is below its
   * path. Only for another server, or below a path that `next.config` does not know. Not used with `client`.
   * @default the origin of the page, with the `basePath` of `next.config`.
   */
  url?: string;
  /**
   * A client of the application's own, which it closes itself.
   * @default a client of the provider's own, which disconnects when the provider unmounts.
   */
  client?: ConvexClient;
  /** The components whose hooks use the client. */
  children?: ReactNode;
}

/**
 * Gives the hooks below it their client. Needs no props. Each render on the server has a client of its own.
 *
 * @param props `url` or `client`, and `children`.
 * @returns the children.
 *
 * @example <ConvexProvider>{children}</ConvexProvider>
 */
export function ConvexProvider({ url, client: given, children }: ConvexProviderProps): ReactNode {
  // Next replaces this name with the basePath, as in its own router: a bundle holds the text itself. It does so under
  // Turbopack, in development and in a build (`tests/browser/base-path.spec.ts`). Where nothing replaces it, `url` has a path.
  const site = url ?? process.env.__NEXT_ROUTER_BASEPATH;
  const value = useMemo<ProvidedClient>(
    () => ({ sync: given?.sync ?? new SyncClient(() => new WebSocket(socketUrl(site))), client: given }),
    [given, site],
  );
  useEffect(() => (given === undefined ? value.sync.hold() : undefined), [given, value]);
  return createElement(ClientContext.Provider, { value }, children);
}

/** The client of the provider above. @throws when there is none. */
export function useSyncClient(): SyncClient {
  return useProvidedClient().sync;
}

/** The client of the provider above, in both of its forms. @throws when there is no provider. */
export function useProvidedClient(): ProvidedClient {
  const provided = useContext(ClientContext);
  if (provided) return provided;
  throw new Error(
    "This hook needs <ConvexProvider> above it" +
      (process.env.NODE_ENV !== "production" ? ", for instance around children in app/layout.tsx." : "."),
  );
}
