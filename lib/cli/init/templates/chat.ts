/** `convex/messages.ts`: the functions of the example. They are the same for every database. */
export const functions = `import { mutation, query } from "convex-lite/server";
import { z } from "zod";
import { messages } from "./schema";

export const listByChannel = query({
  args: z.object({ channel: z.string() }),
  handler: async ({ db }, { channel }) =>
    db.query.messages.findMany({
      where: (messages, { eq }) => eq(messages.channel, channel),
      orderBy: (messages, { asc }) => [asc(messages.createdAt), asc(messages.id)],
    }),
});

export const send = mutation({
  args: z.object({ channel: z.string().max(100), author: z.string().max(100), text: z.string().min(1).max(2000) }),
  handler: async ({ db, scheduler }, { channel, author, text }) => {
    await db.insert(messages).values({ channel, author, text });
    // Every page that shows this channel gets the new list after the commit.
    await scheduler.invalidate(listByChannel, { channel });
  },
});
`;

/**
 * `app/chat/page.tsx`, or `page.js`: the two are the same.
 * @param toRoot Leads from the page's folder to the project's, `../..`.
 */
export function page(toRoot: string): string {
  return `import { preloadQuery } from "convex-lite/nextjs";
import { Suspense } from "react";
import { api } from "${toRoot}/convex/_generated/api";
import { Messages } from "./messages";

export default function Page() {
  return (
    <main>
      <h1>Chat</h1>
      <Suspense fallback={<p>Loading…</p>}>
        <Chat />
      </Suspense>
    </main>
  );
}

/** The query runs on the server, so that the first HTML holds the messages. */
async function Chat() {
  return <Messages preloaded={await preloadQuery(api.messages.listByChannel, { channel: "general" })} />;
}
`;
}

/**
 * `app/chat/messages.tsx`: shows the messages, live, and sends new ones.
 * @param language The file `messages.js` is the same without the types.
 */
export function messages(toRoot: string, language: "ts" | "js"): string {
  const [type, props] =
    language === "ts"
      ? ["type Preloaded, ", "{ preloaded }: { preloaded: Preloaded<typeof api.messages.listByChannel> }"]
      : ["", "{ preloaded }"];
  return `"use client";

import { ${type}useMutation, usePreloadedQuery } from "convex-lite/react";
import { api } from "${toRoot}/convex/_generated/api";

export function Messages(${props}) {
  const { data } = usePreloadedQuery(preloaded);
  const { mutate, error } = useMutation(api.messages.send);
  return (
    <>
      {data.map(({ id, author, text }) => (
        <p key={id}>
          <b>{author}</b> {text}
        </p>
      ))}
      {error && <p role="alert">{error.message}</p>}
      <form
        action={(form) => {
          mutate({ channel: "general", author: "me", text: String(form.get("text")) });
        }}
      >
        <input name="text" aria-label="Message" required />
        <button type="submit">Send</button>
      </form>
    </>
  );
}
`;
}
