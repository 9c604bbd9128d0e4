"use client";

import { type Preloaded, usePaginatedQuery } from "convex-lite/react";
import { useCallback, useMemo } from "react";
import { useToday } from "@/app/_browser/use-today";
import { useOutbox } from "@/app/chat/_outbox/outbox";
import { isPending, type Message } from "@/app/chat/_outbox/pending-message";
import { DayHeading } from "@/app/chat/[channel]/_log/day-heading";
import { FailedRow } from "@/app/chat/[channel]/_log/failed-row";
import { FIRST_PAGE, OLDER_PAGE } from "@/app/chat/[channel]/_log/first-page";
import { toLogEntries } from "@/app/chat/[channel]/_log/log-entries";
import { LogStart } from "@/app/chat/[channel]/_log/log-start";
import { MessageRow } from "@/app/chat/[channel]/_log/message-row";
import { NewMessageAnnouncer } from "@/app/chat/[channel]/_log/new-message-announcer";
import { useFirstPlace } from "@/app/chat/[channel]/_log/use-first-place";
import { useReadingPlace } from "@/app/chat/[channel]/_log/use-reading-place";
import type { api } from "@/convex/_generated/api";

interface MessagesProps {
  channel: string;
  preloaded: Preloaded<typeof api.history.byChannel>;
}

/** The latest messages of a channel, live, and older ones as the reader goes back. Begins with what the server rendered. */
export function Messages({ channel, preloaded }: MessagesProps) {
  const { results, status, loadMore, error } = usePaginatedQuery(preloaded, { initialNumItems: FIRST_PAGE });
  const messages = useMemo(() => results.toReversed(), [results]);
  const failed = useOutbox().failed.filter((message) => message.channel === channel);
  const today = useToday();
  const zone = today === null ? "utc" : "local";
  const firstPlace = useFirstPlace(messages);
  const end = firstPlace + messages.length + failed.length;
  const { log, rows, onScroll, unread, toLatest } = useReadingPlace(end, lastPending(messages));
  const loadOlder = useCallback(() => loadMore(OLDER_PAGE), [loadMore]);

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
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls only an element that has the focus
        tabIndex={0}
        className="beside-scrollbar flex min-h-0 flex-1 flex-col-reverse overflow-y-auto overscroll-contain -outline-offset-2 [overflow-anchor:none]"
      >
        <div className="py-4">
          <LogStart
            channel={channel}
            isEmpty={messages.length + failed.length === 0}
            status={status}
            onLoad={loadOlder}
          />
          <ol ref={rows}>
            {toLogEntries(messages, zone, firstPlace).map((entry) =>
              entry.kind === "day" ? (
                <DayHeading key={`day-${entry.place}`} day={entry.day} today={today} />
              ) : (
                // The key is the place, so that the row of a pending message becomes the row of the sent one.
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
      <NewMessageAnnouncer messages={messages} />
    </div>
  );
}

/** The id of the reader's last message that is being sent. */
function lastPending(messages: readonly Message[]): number | undefined {
  const last = messages.at(-1);
  return last && isPending(last) ? last.id : undefined;
}

function NewMessages({ count, onClick }: { count: number; onClick: () => void }) {
  return (
    <button type="button" onClick={onClick} className="button absolute inset-x-0 bottom-3 mx-auto w-fit shadow-lg">
      {count === 1 ? "1 new message" : `${count} new messages`}
      <span aria-hidden="true">↓</span>
    </button>
  );
}
