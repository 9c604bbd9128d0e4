"use client";

import { type RefObject, useLayoutEffect, useRef, useState } from "react";

export interface ReadingPlace {
  /** For the scrolling element. Its content is laid out from the bottom (`flex-col-reverse`). */
  log: RefObject<HTMLDivElement | null>;
  /** For the list of rows in it. */
  rows: RefObject<HTMLOListElement | null>;
  onScroll: () => void;
  /** How many messages have arrived below the visible part. */
  unread: number;
  toLatest: () => void;
}

/** A distance from the bottom up to this counts as the bottom. */
const NEAR_BOTTOM_PX = 48;

/** The row that was the last one when the reader left the bottom, and how much was below it. */
interface Mark {
  row: Element;
  below: number;
}

/**
 * Keeps the reader's place in a log that grows at both ends: at the bottom the reader stays at the bottom, further up the
 * same lines stay visible. Writing a message scrolls to the bottom.
 *
 * A log that is laid out from the bottom starts and stays there without a script, from the first paint on, and rows that
 * come above the visible ones move nothing. So only what comes below them has to be made up for.
 * @param end The number of the last row: grows with each message that comes at the end.
 * @param writing Changes whenever the reader writes a message.
 */
export function useReadingPlace(end: number, writing: number | undefined): ReadingPlace {
  const log = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLOListElement>(null);
  /** Undefined at the bottom. */
  const mark = useRef<Mark>(undefined);
  /** The number of the last row when the reader left the bottom; undefined at the bottom. */
  const [endBefore, setEndBefore] = useState<number>();

  function onScroll() {
    if (!log.current) return;
    const isAway = -log.current.scrollTop > NEAR_BOTTOM_PX;
    if (!isAway) mark.current = undefined;
    else mark.current ??= markLast(rows.current);
    setEndBefore((before) => (isAway ? (before ?? end) : undefined));
  }

  function toLatest() {
    log.current?.scrollTo({ top: 0 });
    // The button that was clicked disappears, so the focus moves to the log.
    log.current?.focus({ preventScroll: true });
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the log has grown at its end
  useLayoutEffect(() => {
    if (!log.current || !mark.current) return;
    const { row, below } = mark.current;
    if (row.isConnected) log.current.scrollTop -= spaceBelow(row, rows.current) - below;
    mark.current = markLast(rows.current);
  }, [end]);

  useLayoutEffect(() => {
    if (writing !== undefined) log.current?.scrollTo({ top: 0 });
  }, [writing]);

  return { log, rows, onScroll, unread: endBefore === undefined ? 0 : Math.max(0, end - endBefore), toLatest };
}

function markLast(rows: Element | null): Mark | undefined {
  const row = rows?.lastElementChild;
  return row ? { row, below: spaceBelow(row, rows) } : undefined;
}

function spaceBelow(row: Element, rows: Element | null): number {
  return (rows?.getBoundingClientRect().bottom ?? 0) - row.getBoundingClientRect().bottom;
}
