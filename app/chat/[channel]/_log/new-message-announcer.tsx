"use client";

import { useState } from "react";
import { useAuthor } from "@/app/chat/_author/use-author";
import { isPending, type Message } from "@/app/chat/_outbox/pending-message";

/** How many of the latest are kept: they may come faster than they are read aloud. */
const KEPT = 5;

/**
 * Has screen readers say each new message of others. The log itself is not announced, as it grows at its beginning, too,
 * when older messages are loaded.
 */
export function NewMessageAnnouncer({ messages }: { messages: readonly Message[] }) {
  const { name } = useAuthor();
  const stored = messages.filter((message) => !isPending(message));
  const [last] = useState(stored.at(-1)?.id ?? 0);
  const news = stored.filter(({ id, author }) => id > last && author !== name);
  return (
    <div aria-live="polite" className="sr-only">
      {news.slice(-KEPT).map(({ id, author, text }) => (
        <p key={id}>
          {author}: {text}
        </p>
      ))}
    </div>
  );
}
