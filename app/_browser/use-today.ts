"use client";

import { useSyncExternalStore } from "react";
import { dayOf } from "@/app/_browser/calendar";

/**
 * Today in the reader's time zone, such as `2026-11-23`; follows at midnight. Null on the server and while hydrating:
 * neither knows the zone, so both write times in UTC and agree.
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
