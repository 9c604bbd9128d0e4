"use client";

import { type Preloaded, usePreloadedQuery } from "convex-lite/react";
import { useToday } from "@/app/_browser/use-today";
import { useOutbox } from "@/app/chat/_outbox/outbox";
import { isPending } from "@/app/chat/_outbox/pending-message";
import { DayHeading } from "@/app/chat/[channel]/_log/day-heading";
import { FailedRow } from "@/app/chat/[channel]/_log/failed-row";
import { toLogEntries } from "@/app/chat/[channel]/_log/log-entries";
import { MessageRow } from "@/app/chat/[channel]/_log/message-row";
import { useReadingPlace } from "@/app/chat/[channel]/_log/use-reading-place";
import type { api } from "@/convex/_generated/api";

interface MessagesProps {
  channel: string;
  preloaded: Preloaded<typeof api.messages.listByChannel>;
}

/** The messages of a channel, live. The first render shows what the server rendered. */
export function Messages({ channel, preloaded }: MessagesProps) {
  const { data: messages, error } = usePreloadedQuery(preloaded);
  const failed = useOutbox().failed.filter((message) => message.channel === channel);
  const today = useToday();
  const zone = today === null ? "utc" : "local";
  const { log, onScroll, unread, toLatest } = useReadingPlace(messages.length + failed.length, lastPending(messages));

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {error && (
        <p role="alert" className="border-line border-b bg-panel px-4 py-2 text-center text-danger text-sm">
          These messages are no longer up to date. {error.message}
        </p>
      )}
      <div
        ref={log}
        onScroll={onScroll}
        role="log"
        aria-label="Messages"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls only an element that has the focus
        tabIndex={0}
        className="beside-scrollbar flex min-h-0 flex-1 flex-col-reverse overflow-y-auto overscroll-contain -outline-offset-2 [overflow-anchor:none]"
      >
        <div className="mb-auto py-4">
          {messages.length + failed.length === 0 && <NothingYet />}
          <ol>
            {toLogEntries(messages, zone).map((entry) =>
              entry.kind === "day" ? (
                <DayHeading key={`day-${entry.place}`} day={entry.day} today={today} />
              ) : (
                // The key is the position, so that the row of a pending message becomes the row of the sent one.
                <MessageRow
                  key={entry.place}
                  message={entry.message}
                  startsGroup={entry.startsGroup}
                  state={isPending(entry.message) ? "pending" : "sent"}
                  zone={zone}
                />
              ),
            )}
            {failed.map((message) => (
              <FailedRow key={`failed-${message.key}`} message={message} />
            ))}
          </ol>
        </div>
      </div>
      {unread > 0 && <NewMessages count={unread} onClick={toLatest} />}
    </div>
  );
}

/** The id of the reader's last message that is being sent. */
function lastPending(messages: Parameters<typeof toLogEntries>[0]): number | undefined {
  const last = messages.at(-1);
  return last && isPending(last) ? last.id : undefined;
}

function NothingYet() {
  return (
    <div className="px-4 py-16 text-center">
      <p className="font-serif text-2xl italic">No messages yet</p>
      <p className="mt-2 text-soft">Write the first one.</p>
    </div>
  );
}

function NewMessages({ count, onClick }: { count: number; onClick: () => void }) {
  return (
    <button type="button" onClick={onClick} className="button absolute inset-x-0 bottom-3 mx-auto w-fit shadow-lg">
      {count === 1 ? "1 new message" : `${count} new messages`}
      <span aria-hidden="true">↓</span>
    </button>
  );
}
