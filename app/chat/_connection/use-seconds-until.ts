"use client";

import { useCallback, useSyncExternalStore } from "react";

/** Whole seconds until a moment (milliseconds since 1970), counting down; 0 when it has passed or there is none. */
export function useSecondsUntil(moment: number | undefined): number {
  const subscribe = useCallback(
    (onChange: () => void) => {
      if (moment === undefined) return () => {};
      const timer = setInterval(onChange, 250);
      return () => clearInterval(timer);
    },
    [moment],
  );
  return useSyncExternalStore(
    subscribe,
    () => (moment === undefined ? 0 : Math.max(0, Math.ceil((moment - Date.now()) / 1000))),
    () => 0,
  );
}
