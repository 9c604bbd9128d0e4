"use client";

import { useState } from "react";
import type { Message } from "@/app/chat/_outbox/pending-message";

/**
 * Numbers the messages of a log that grows at both ends, so that each keeps its number: the first that was there when the
 * log was opened has 0, older ones have negative numbers.
 * @returns the number of the first message now.
 */
export function useFirstPlace(messages: readonly Message[]): number {
  const [origin] = useState(messages[0]?.id);
  return -Math.max(
    0,
    messages.findIndex(({ id }) => id === origin),
  );
}
