"use client";

import Link, { useLinkStatus } from "next/link";
import { useEffect, useRef } from "react";

export function ChannelLink({ name, isCurrent }: { name: string; isCurrent: boolean }) {
  const item = useRef<HTMLLIElement>(null);

  useEffect(() => {
    if (isCurrent && item.current) showIn(item.current.closest("nav"), item.current);
  }, [isCurrent]);

  return (
    <li ref={item} className="shrink-0 scroll-m-2">
      <Link
        href={`/chat/${name}`}
        aria-current={isCurrent ? "page" : undefined}
        className="flex min-h-9 items-center gap-1 rounded-lg px-2 text-soft md:gap-1.5 md:px-3 hover:bg-line/50 hover:text-ink aria-[current]:bg-raised aria-[current]:font-medium aria-[current]:text-ink aria-[current]:shadow-xs"
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

/** Scrolls the list, and nothing else: `scrollIntoView` would also have the next Tab begin here. */
function showIn(list: Element | null, item: Element) {
  if (!list) return;
  const [outer, inner] = [list.getBoundingClientRect(), item.getBoundingClientRect()];
  const middle = (box: DOMRect) => [box.left + box.width / 2, box.top + box.height / 2] as const;
  const isInside =
    inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
  if (isInside) return;
  const [[toX, toY], [x, y]] = [middle(outer), middle(inner)];
  list.scrollBy({ left: x - toX, top: y - toY });
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
