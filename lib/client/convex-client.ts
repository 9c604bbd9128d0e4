export interface ConnectionState {
  readonly state: "connecting" | "open" | "waiting" | "stopped";
  readonly hasEverConnected: boolean;
  /** When the next attempt is due (milliseconds since 1970), while waiting. */
  readonly retryAt?: number;
  /** Mutations called and not yet both decided and visible. */
  readonly pendingMutations: number;
}

export declare class ConvexClient {
  constructor(url?: string);
  close(): Promise<void>;
}
