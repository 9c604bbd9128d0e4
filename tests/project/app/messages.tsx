"use client";

import { type Preloaded, useMutation, usePreloadedQuery } from "convex-lite/react";
import { api } from "@/convex/_generated/api";

interface MessagesProps {
  channel: string;
  preloaded: Preloaded<typeof api.messages.listByChannel>;
}

export function Messages({ channel, preloaded }: MessagesProps) {
  const { data } = usePreloadedQuery(preloaded);
  const { mutate } = useMutation(api.messages.send);
  return (
    <>
      {data.map(({ id, author, text }) => (
        <p key={id}>
          {author}: {text}
        </p>
      ))}
      <button type="button" onClick={() => mutate({ channel, author: "Ada", text: "Hello" })}>
        Say hello
      </button>
    </>
  );
}
