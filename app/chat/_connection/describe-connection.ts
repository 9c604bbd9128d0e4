import type { useConnectionState } from "convex-lite/react";

export interface ConnectionDescription {
  tone: "live" | "waiting" | "stopped";
  text: string;
  /** When the next attempt is due (milliseconds since 1970). */
  retryAt?: number | undefined;
  /** How many changes of the reader wait for the connection. */
  waiting: number;
}

/** Describes the connection for the reader. */
export function describeConnection(
  { state, hasEverConnected, retryAt, pendingMutations }: ReturnType<typeof useConnectionState>,
  isOnline: boolean,
): ConnectionDescription {
  const waiting = pendingMutations;
  if (state === "open") return { tone: "live", text: "Live", waiting: 0 };
  if (state === "stopped") return { tone: "stopped", text: "Disconnected", waiting };
  if (!isOnline) return { tone: "waiting", text: "Offline", waiting };
  if (state === "connecting" && !hasEverConnected) return { tone: "waiting", text: "Connecting", waiting };
  return { tone: "waiting", text: "Reconnecting", retryAt, waiting };
}
