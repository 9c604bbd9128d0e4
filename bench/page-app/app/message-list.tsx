"use client";

export interface MessageListProps {
  messages: { id: number; author: string; text: string; createdAt: Date }[];
}

/** The content of both pages. */
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
