import { HydrateQueries } from "convex-lite/react";
import type { ReactNode } from "react";
import { OutboxProvider } from "@/app/chat/_outbox/outbox";
import { Masthead } from "@/app/chat/masthead";
import { preloadChannels } from "@/app/chat/preload-channels";

/** The channels are beside the conversation on wide screens, and above it on narrow ones. */
export default async function ChatLayout({ children }: { children: ReactNode }) {
  return (
    <HydrateQueries preloaded={[await preloadChannels()]}>
      <OutboxProvider>
        <a href="#conversation" className="button fixed top-2 left-2 z-10 not-focus:sr-only">
          Skip to the conversation
        </a>
        <div className="grid h-dvh grid-cols-[minmax(0,1fr)] grid-rows-[auto_minmax(0,1fr)] md:grid-cols-[15rem_minmax(0,1fr)] md:grid-rows-[minmax(0,1fr)]">
          <Masthead />
          <main id="conversation" tabIndex={-1} className="@container flex min-h-0 flex-col outline-none">
            {children}
          </main>
        </div>
      </OutboxProvider>
    </HydrateQueries>
  );
}
