"use client";

import { useQuery } from "convex-lite/react";
import { useParams } from "next/navigation";
import { useRef } from "react";
import { ChannelLink } from "@/app/chat/_channels/channel-link";
import { useHiddenEnds } from "@/app/chat/_channels/use-hidden-ends";
import { api } from "@/convex/_generated/api";

/** All channels: a column on wide screens, a strip that scrolls sideways on narrow ones. */
export function ChannelList() {
  const { data: channels, isLoading, error } = useQuery(api.channels.list);
  const { channel: current } = useParams<{ channel?: string }>();
  const row = useRef<HTMLElement>(null);
  const hiddenEnds = useHiddenEnds(row);

  return (
    <nav ref={row} aria-label="Channels" className="min-h-0 min-w-0 flex-1 overflow-auto overscroll-contain">
      {isLoading && <p className="px-3 py-2 text-sm text-soft">Loading channels…</p>}
      {error && (
        <p role="alert" className="px-3 py-2 text-danger text-sm">
          The channels could not be loaded. {error.message}
        </p>
      )}
      <ul data-hidden={hiddenEnds} className="strip flex w-max min-w-full gap-1 p-1 md:w-auto md:flex-col md:gap-0.5">
        {channels?.map(({ id, name }) => (
          <ChannelLink key={id} name={name} isCurrent={name === current} />
        ))}
      </ul>
    </nav>
  );
}
