import type { ReactNode } from "react";
import type { ConvexClient } from "../client/convex-client.ts";

export interface ConvexProviderProps {
  /** Where the server is, such as `https://example.com`. Default: where the page came from. */
  url?: string;
  /** Your own client, which you close yourself. Default: one of the provider's. */
  client?: ConvexClient;
  children?: ReactNode;
}

/** Gives the hooks below it their client. Needs no props. */
export declare function ConvexProvider(props: ConvexProviderProps): ReactNode;
