import { memo } from "react";
import { timeOf, type Zone } from "@/app/_browser/calendar";
import type { Message } from "@/app/chat/_outbox/pending-message";
import { MessageLayout } from "@/app/chat/[channel]/_log/message-layout";

interface MessageRowProps {
  message: Message;
  startsGroup: boolean;
  state: "pending" | "sent";
  zone: Zone;
}

/** Memoised: a message that did not change is the same object, so its row does not render again. */
export const MessageRow = memo(function MessageRow({ message, startsGroup, state, zone }: MessageRowProps) {
  const { author, text, createdAt } = message;
  const note =
    state === "pending" ? (
      "Sending…"
    ) : (
      <time
        dateTime={createdAt.toISOString()}
        data-zone={zone}
        className={`tabular-nums ${startsGroup ? "" : "@2xl:not-group-hover:opacity-0"}`}
      >
        {timeOf(createdAt, zone)}
      </time>
    );
  return <MessageLayout state={state} author={author} text={text} startsGroup={startsGroup} note={note} />;
});
