"use client";

import { type RefObject, useEffect, useState } from "react";

/** A row within this distance of its end is at its end: browsers round positions. */
const ROUNDING_PX = 1;

/** Which ends of a row that scrolls sideways are out of sight: `start`, `end`, both with a space between them, or none. */
export function useHiddenEnds(row: RefObject<HTMLElement | null>): string {
  const [hidden, setHidden] = useState("");

  useEffect(() => {
    const { current } = row;
    if (!current) return;
    const look = () => {
      const { scrollLeft, clientWidth, scrollWidth } = current;
      const ends = [scrollLeft > ROUNDING_PX && "start", scrollLeft + clientWidth < scrollWidth - ROUNDING_PX && "end"];
      setHidden(ends.filter(Boolean).join(" "));
    };
    const sizes = new ResizeObserver(look); // calls back at once, too
    for (const element of [current, ...current.children]) sizes.observe(element);
    current.addEventListener("scroll", look, { passive: true });
    return () => {
      sizes.disconnect();
      current.removeEventListener("scroll", look);
    };
  }, [row]);

  return hidden;
}
