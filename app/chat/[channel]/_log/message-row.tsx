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
  return (
    <MessageLayout author={author} startsGroup={startsGroup} state={state} text={text}>
      {state === "pending" ? (
        <span className="text-soft text-xs">Sending…</span>
      ) : (
        <time
          dateTime={createdAt.toISOString()}
          data-zone={zone}
          className={`text-soft text-xs tabular-nums ${startsGroup ? "" : "group-not-hover:sr-only"}`}
        >
          {timeOf(createdAt, zone)}
        </time>
      )}
    </MessageLayout>
  );
});
