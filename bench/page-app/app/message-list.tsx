"use client";

export interface MessageListProps {
  messages: { id: number; author: string; text: string; createdAt: Date }[];
}

/** What both pages show. */
export function MessageList({ messages }: MessageListProps) {
  return (
    <ol>
      {messages.map(({ id, author, text, createdAt }) => (
        <li key={id}>
          <b>{author}</b> <time>{createdAt.toISOString()}</time> {text}
        </li>
      ))}
    </ol>
  );
}
