import { ConvexClient } from "../client/convex-client.ts";
import { useProvidedClient } from "./provider.ts";

/**
 * The client of the provider above, for what no hook does: to run a query once, to call a function whose name is known only
 * at run time, to have the server identify the caller anew. To show data, use `useQuery`: what the client returns does not
 * make a component render again.
 *
 * @returns the client that was given to the provider, or the provider's own: the same object in all components. The provider
 *   closes its own; do not close it.
 * @throws when there is no `ConvexProvider` above.
 *
 * @example
 * const convex = useConvex();
 * const exportAll = async () => download(await convex.query(api.messages.all, {}));
 */
export function useConvex(): ConvexClient {
  const provided = useProvidedClient();
  provided.client ??= new ConvexClient(provided.sync);
  return provided.client;
}
