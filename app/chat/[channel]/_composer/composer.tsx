"use client";

import { type FormEvent, type KeyboardEvent, useRef } from "react";
import { useStoredText } from "@/app/_browser/use-stored-text";
import { AuthorName } from "@/app/chat/_author/author-name";
import { useAuthor } from "@/app/chat/_author/use-author";
import { MESSAGE_FIELD } from "@/app/chat/_channels/message-field";
import { useOutbox } from "@/app/chat/_outbox/outbox";
import { GrowingTextarea } from "@/app/chat/[channel]/_composer/growing-textarea";
import { RemainingCharacters } from "@/app/chat/[channel]/_composer/remaining-characters";

/** The limit of `messages.send`, in characters. */
const LIMIT = 2000;

/** The form for a new message. Each channel keeps its draft, also across a reload. */
export function Composer({ channel }: { channel: string }) {
  const { send } = useOutbox();
  const author = useAuthor();
  const [draft, setDraft] = useStoredText("sessionStorage", `draft:${channel}`);
  const textarea = useRef<HTMLTextAreaElement>(null);
  const text = draft?.trim() ?? "";
  const isReady = draft !== null && author.name !== null;

  function submit(event: FormEvent) {
    event.preventDefault();
    textarea.current?.focus();
    if (author.name === null || text === "" || text.length > LIMIT) return;
    send({ channel, author: author.name, text });
    setDraft("");
  }

  function handleKey(event: KeyboardEvent<HTMLTextAreaElement>) {
    // While an input method composes a word, Enter ends the word.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    submit(event);
  }

  return (
    <div className="transcript beside-scrollbar pb-[max(0.5rem,env(safe-area-inset-bottom))]">
      <form
        onSubmit={submit}
        className="flex items-end gap-2 rounded-2xl border border-edge bg-raised p-1.5 pl-4 [grid-area:text] focus-within:border-accent"
      >
        <GrowingTextarea
          ref={textarea}
          id={MESSAGE_FIELD}
          aria-label="Message"
          aria-describedby="remaining-characters"
          aria-invalid={text.length > LIMIT}
          placeholder={`Message #${channel}`}
          enterKeyHint="send"
          value={draft ?? ""}
          disabled={!isReady}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={handleKey}
        />
        <button type="submit" className="button" disabled={!isReady || text === "" || text.length > LIMIT}>
          Send
        </button>
      </form>
      <div className="[grid-area:below]">
        <div className="flex items-start justify-between gap-3">
          <AuthorName />
          <RemainingCharacters id="remaining-characters" count={LIMIT - text.length} />
        </div>
        <noscript>
          <p className="pb-2 text-soft text-sm">You can read without JavaScript, but writing needs it.</p>
        </noscript>
      </div>
    </div>
  );
}
