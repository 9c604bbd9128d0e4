"use client";

import { useCallback, useSyncExternalStore } from "react";

type Area = "localStorage" | "sessionStorage";

/**
 * A text in the browser's storage: for all tabs (`localStorage`) or for this one (`sessionStorage`). Every component that
 * reads it renders again when it changes.
 * @returns the text, `""` when there is none, and null on the server and while hydrating, when it is unknown.
 */
export function useStoredText(area: Area, key: string): [text: string | null, write: (text: string) => void] {
  const text = useSyncExternalStore(
    subscribe,
    () => read(area, key),
    () => null,
  );
  const set = useCallback((next: string) => write(area, key, next), [area, key]);
  return [text, set];
}

/** The texts if the browser refuses storage: they last as long as the page. */
const onThisPage = new Map<string, string>();

function read(area: Area, key: string): string {
  try {
    return window[area].getItem(key) ?? "";
  } catch {
    return onThisPage.get(key) ?? "";
  }
}

function write(area: Area, key: string, text: string) {
  try {
    if (text) window[area].setItem(key, text);
    else window[area].removeItem(key);
  } catch {
    onThisPage.set(key, text);
  }
  window.dispatchEvent(new Event(WRITTEN_HERE));
}

/** The browser's own `storage` event is sent to the other tabs only. */
const WRITTEN_HERE = "stored-text";

function subscribe(onChange: () => void) {
  window.addEventListener("storage", onChange);
  window.addEventListener(WRITTEN_HERE, onChange);
  return () => {
    window.removeEventListener("storage", onChange);
    window.removeEventListener(WRITTEN_HERE, onChange);
  };
}
