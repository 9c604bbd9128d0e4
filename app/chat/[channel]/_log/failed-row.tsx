"use client";

import { type FailedMessage, useOutbox } from "@/app/chat/_outbox/outbox";
import { MessageLayout } from "@/app/chat/[channel]/_log/message-layout";

/** A message that could not be sent, kept until its author decides. */
export function FailedRow({ message }: { message: FailedMessage }) {
  const { retry, discard } = useOutbox();
  return (
    <MessageLayout author={message.author} text={message.text} startsGroup state="failed">
      <div>
        <p className="text-danger text-sm">Not sent. {message.reason}</p>
        <button type="button" onClick={() => retry(message)} className="button">
          Retry
        </button>
        <button type="button" onClick={() => discard(message)} className="button-quiet">
          Discard
        </button>
      </div>
    </MessageLayout>
  );
}
