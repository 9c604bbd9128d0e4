"use client";
import { type Preloaded, useMutation, usePreloadedQuery } from "convex-lite/react";
import { type FormEvent, useEffect, useState } from "react";
import { api } from "../convex/_generated/api";

export function Messages({ preloaded }: { preloaded: Preloaded<typeof api.messages.list> }) {
  const { data, error } = usePreloadedQuery(preloaded);
  const { mutate: send } = useMutation(api.messages.send);
  const [text, setText] = useState("");
  const [isHydrated, setIsHydrated] = useState(false);
  useEffect(() => setIsHydrated(true), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setText("");
    void send({ channel: "general", text });
  };
  if (error) return <p role="alert">{error.message}</p>;
  return (
    <main>
      <ul aria-label="Messages">
        {data.map((message) => (
          <li key={message.id}>{message.text}</li>
        ))}
      </ul>
      <form onSubmit={submit}>
        <input
          aria-label="Message"
          disabled={!isHydrated}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </form>
    </main>
  );
}
