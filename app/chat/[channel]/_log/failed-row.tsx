"use client";

import { type FailedMessage, useOutbox } from "@/app/chat/_outbox/outbox";
import { MessageLayout } from "@/app/chat/[channel]/_log/message-layout";

/** A message that failed, kept until its author decides. One that the server may have stored is not offered again. */
export function FailedRow({ message }: { message: FailedMessage }) {
  const { retry, discard } = useOutbox();
  const { author, text, problem, isMaybeSent } = message;
  const note = isMaybeSent ? <b className="text-waiting">Maybe sent</b> : <b className="text-danger">Not sent</b>;
  return (
    <MessageLayout state={isMaybeSent ? "unknown" : "failed"} author={author} text={text} startsGroup note={note}>
      <div
        className={`mt-1 mb-2 border-l-2 pl-3 [grid-area:below] ${isMaybeSent ? "border-waiting" : "border-danger"}`}
      >
        <p className={`text-sm ${isMaybeSent ? "text-waiting" : "text-danger"}`}>
          {isMaybeSent ? "The server did not confirm it. If it was stored, it is above." : problem}
        </p>
        <p className="mt-2 flex gap-2">
          {!isMaybeSent && (
            <button type="button" onClick={() => retry(message)} className="button">
              Retry
            </button>
          )}
          <button type="button" onClick={() => discard(message)} className="button-quiet">
            {isMaybeSent ? "Dismiss" : "Discard"}
          </button>
        </p>
      </div>
    </MessageLayout>
  );
}
