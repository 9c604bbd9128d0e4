"use client";

import { type RefObject, useLayoutEffect, useRef, useState } from "react";

export interface ReadingPlace {
  /** For the scrolling element. Its content is laid out from the bottom (`flex-col-reverse`). */
  log: RefObject<HTMLDivElement | null>;
  onScroll: () => void;
  /** How many messages have arrived below the visible part. */
  unread: number;
  toLatest: () => void;
}

/** A distance from the bottom up to this counts as the bottom. */
const NEAR_BOTTOM_PX = 48;

/**
 * Keeps the reader's place in a log that grows at its end: at the bottom the reader stays at the bottom, further up the
 * same lines stay visible. Writing a message scrolls to the bottom.
 *
 * A log that is laid out from the bottom starts and stays there without a script, from the first paint on.
 * @param count How many messages the log holds.
 * @param writing Changes whenever the reader writes a message.
 */
export function useReadingPlace(count: number, writing: number | undefined): ReadingPlace {
  const log = useRef<HTMLDivElement>(null);
  /** The distance from the top of the log to the visible lines, in pixels; undefined at the bottom. */
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
    // The button that was clicked disappears, so the focus moves to the log.
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
