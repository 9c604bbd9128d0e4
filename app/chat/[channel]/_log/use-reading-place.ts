"use client";

import { type RefObject, useLayoutEffect, useRef, useState } from "react";

export interface ReadingPlace {
  /** For the scrolling element. Its content is laid out from the bottom (`flex-col-reverse`). */
  log: RefObject<HTMLDivElement | null>;
  onScroll: () => void;
  /** How many messages came in below what is in view. */
  unread: number;
  toLatest: () => void;
}

/** Closer to the bottom than this counts as being there. */
const NEAR_BOTTOM_PX = 48;

/**
 * Keeps the reader's place in a log that grows at its end: whoever is at the bottom stays at the bottom, whoever
 * reads further up keeps the same lines in view. Writing takes the reader to the bottom.
 *
 * A log laid out from the bottom is at its bottom without any script, in the very first paint, and stays there.
 * @param count How many messages the log holds.
 * @param writing Changes whenever the reader writes a message.
 */
export function useReadingPlace(count: number, writing: number | undefined): ReadingPlace {
  const log = useRef<HTMLDivElement>(null);
  /** From the top of the log to the lines in view; undefined at the bottom. */
  const place = useRef<number>(undefined);
  /** How many messages there were when the reader left the bottom; undefined at the bottom. */
  const [countBefore, setCountBefore] = useState<number>();

  function onScroll() {
    if (!log.current) return;
    const { scrollTop, scrollHeight } = log.current;
    const isAway = -scrollTop > NEAR_BOTTOM_PX;
    place.current = isAway ? scrollHeight + scrollTop : undefined;
    setCountBefore((before) => (isAway ? (before ?? count) : undefined));
  }

  function toLatest() {
    log.current?.scrollTo({ top: 0 });
    // What asked for it goes away now; the keyboard goes on here.
    log.current?.focus({ preventScroll: true });
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the log has grown
  useLayoutEffect(() => {
    if (log.current && place.current !== undefined) log.current.scrollTop = place.current - log.current.scrollHeight;
  }, [count]);

  useLayoutEffect(() => {
    if (writing !== undefined) log.current?.scrollTo({ top: 0 });
  }, [writing]);

  return { log, onScroll, unread: countBefore === undefined ? 0 : Math.max(0, count - countBefore), toLatest };
}
