"use client";

import Link, { useLinkStatus } from "next/link";
import { useEffect, useRef } from "react";

export function ChannelLink({ name, isCurrent }: { name: string; isCurrent: boolean }) {
  const item = useRef<HTMLLIElement>(null);

  useEffect(() => {
    if (isCurrent) item.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [isCurrent]);

  return (
    <li ref={item} className="shrink-0 scroll-m-2">
      <Link
        href={`/chat/${name}`}
        aria-current={isCurrent ? "page" : undefined}
        className="flex min-h-9 items-center gap-1.5 rounded-lg px-3 text-soft hover:bg-line/50 hover:text-ink aria-[current]:bg-raised aria-[current]:font-medium aria-[current]:text-ink aria-[current]:shadow-xs"
      >
        <span aria-hidden="true" className="w-3 text-center font-serif text-soft italic">
          #
        </span>
        <span className="truncate">{name}</span>
        <OnItsWay />
      </Link>
    </li>
  );
}

/** A mark that is shown while the server prepares the linked page, if that takes longer than 150 ms. */
function OnItsWay() {
  const { pending } = useLinkStatus();
  return (
    <span
      aria-hidden="true"
      className={`ml-auto size-1.5 rounded-full bg-accent transition-opacity ${pending ? "opacity-100 delay-150" : "opacity-0"}`}
    />
  );
}
