"use client";

import { useConnectionState } from "convex-lite/react";
import { useIsOnline } from "@/app/_browser/use-is-online";
import { type ConnectionDescription, describeConnection } from "@/app/chat/_connection/describe-connection";
import { useSecondsUntil } from "@/app/chat/_connection/use-seconds-until";

const dot: Record<ConnectionDescription["tone"], string> = {
  live: "bg-accent",
  waiting: "bg-waiting motion-safe:animate-pulse",
  stopped: "bg-danger",
};

export function ConnectionStatus() {
  const { tone, text, retryAt, waiting } = describeConnection(useConnectionState(), useIsOnline());
  const seconds = useSecondsUntil(retryAt);

  return (
    <p role="status" className="flex items-center gap-2 text-sm text-soft leading-tight noscript:hidden">
      <span aria-hidden="true" className={`size-2 shrink-0 rounded-full ${dot[tone]}`} />
      <span>
        {text}
        {/* Hidden from screen readers, which would announce every second. */}
        {seconds > 0 && <span aria-hidden="true"> in {seconds} s</span>}
        {waiting > 0 && <span className="whitespace-nowrap"> · {waiting} waiting</span>}
      </span>
    </p>
  );
}
