import type { ConnectionState } from "../client/convex-client.ts";

/** How the page is connected, and how many mutations wait for it. Renders again when it changes. */
export declare function useConnectionState(): ConnectionState;
