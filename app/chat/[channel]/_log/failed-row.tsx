"use client";

import { type FailedMessage, useOutbox } from "@/app/chat/_outbox/outbox";
import { MessageLayout } from "@/app/chat/[channel]/_log/message-layout";

/** A message that could not be sent, kept until its author decides. */
export function FailedRow({ message }: { message: FailedMessage }) {
  const { retry, discard } = useOutbox();
  const note = <b className="text-danger">Not sent</b>;
  return (
    <MessageLayout state="failed" author={message.author} text={message.text} startsGroup note={note}>
      <div className="mt-1 mb-2 border-danger border-l-2 pl-3 [grid-area:below]">
        <p className="text-danger text-sm">{message.reason}</p>
        <p className="mt-2 flex gap-2">
          <button type="button" onClick={() => retry(message)} className="button">
            Retry
          </button>
          <button type="button" onClick={() => discard(message)} className="button-quiet">
            Discard
          </button>
        </p>
      </div>
    </MessageLayout>
  );
}
