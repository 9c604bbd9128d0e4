"use client";

import { useSyncExternalStore } from "react";
import { dayOf } from "@/app/_browser/calendar";

/**
 * Today in the reader's time zone, such as `2026-11-23`. It changes at midnight. Null on the server, which does not know the
 * zone, and while hydrating, so that both render the same times, in UTC.
 */
export function useToday(): string | null {
  return useSyncExternalStore(
    subscribe,
    () => dayOf(new Date(), "local"),
    () => null,
  );
}

function subscribe(onChange: () => void) {
  const timer = setInterval(onChange, 20_000);
  return () => clearInterval(timer);
}
