import type { useConnectionState } from "convex-lite/react";

export interface ConnectionDescription {
  tone: "live" | "waiting" | "stopped";
  text: string;
  /** When the next attempt is due (milliseconds since 1970). */
  retryAt?: number | undefined;
}

/** The connection in a reader's words. */
export function describeConnection(
  { state, hasEverConnected, retryAt, pendingMutations }: ReturnType<typeof useConnectionState>,
  isOnline: boolean,
): ConnectionDescription {
  if (state === "open") return { tone: "live", text: "Live" };
  const waiting = pendingMutations > 0 ? ` · ${count(pendingMutations)} waiting` : "";
  if (state === "stopped") return { tone: "stopped", text: `Disconnected${waiting}` };
  if (!isOnline) return { tone: "waiting", text: `Offline${waiting}` };
  if (!hasEverConnected && state === "connecting") return { tone: "waiting", text: `Connecting${waiting}` };
  return { tone: "waiting", text: `Reconnecting${waiting}`, retryAt };
}

function count(messages: number): string {
  return messages === 1 ? "1 message" : `${messages} messages`;
}
