"use client";

import type { PaginationStatus } from "convex-lite/react";
import { useEffect, useRef } from "react";
import { About } from "@/app/chat/about";

interface LogStartProps {
  channel: string;
  isEmpty: boolean;
  status: PaginationStatus;
  /** Loads older messages. */
  onLoad: () => void;
}

/** What is above the oldest message that is loaded. Older ones are loaded before the reader gets here. */
export function LogStart({ channel, isEmpty, status, onLoad }: LogStartProps) {
  if (status === "LoadingFirstPage") return <p className="py-3 text-center text-soft text-sm">Loading messages…</p>;
  if (status !== "Exhausted") return <OlderMessages isLoading={status === "LoadingMore"} onLoad={onLoad} />;
  return (
    <div className="transcript py-3 text-soft text-sm">
      <div className="[grid-area:text]">
        {isEmpty ? (
          <>
            <p className="font-serif text-2xl text-ink italic">No messages yet</p>
            <p className="mt-1 text-base">Write the first one.</p>
          </>
        ) : (
          <p>This is where #{channel} begins.</p>
        )}
        <div className="mt-1 md:hidden">
          <About />
        </div>
      </div>
    </div>
  );
}

/** How far above the visible part the button may be when it is pressed by itself, in pixels. */
const AHEAD_PX = 600;

/** A button that is pressed by itself when the reader comes near. */
function OlderMessages({ isLoading, onLoad }: { isLoading: boolean; onLoad: () => void }) {
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (isLoading || !button.current) return;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && onLoad(), {
      root: button.current.closest("[role=log]"),
      rootMargin: `${AHEAD_PX}px 0px 0px`,
    });
    observer.observe(button.current);
    return () => observer.disconnect();
  }, [isLoading, onLoad]);

  return (
    <p className="py-3 text-center">
      <button
        ref={button}
        type="button"
        aria-disabled={isLoading}
        onClick={onLoad}
        className="button-quiet noscript:hidden"
      >
        {isLoading ? "Loading older messages…" : "Older messages"}
      </button>
      <noscript>
        <span className="text-soft text-sm">Older messages need JavaScript.</span>
      </noscript>
    </p>
  );
}
