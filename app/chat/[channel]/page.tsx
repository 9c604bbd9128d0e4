import { preloadedQueryResult, preloadQuery } from "convex-lite/nextjs";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Fragment } from "react";
import { Composer } from "@/app/chat/[channel]/_composer/composer";
import { FIRST_PAGE } from "@/app/chat/[channel]/_log/first-page";
import { Messages } from "@/app/chat/[channel]/_log/messages";
import { preloadChannels } from "@/app/chat/preload-channels";
import { api } from "@/convex/_generated/api";

interface ChannelPageProps {
  params: Promise<{ channel: string }>;
}

export async function generateMetadata({ params }: ChannelPageProps): Promise<Metadata> {
  const { channel } = await params;
  return { title: (await exists(channel)) ? `#${channel}` : "No such channel" };
}

export default async function ChannelPage({ params }: ChannelPageProps) {
  const { channel } = await params;
  if (!(await exists(channel))) notFound();
  const paginationOpts = { cursor: null, numItems: FIRST_PAGE };
  const preloaded = await preloadQuery(api.history.byChannel, { channel, paginationOpts });

  return (
    <Fragment key={channel}>
      <header className="transcript beside-scrollbar max-md:sr-only border-line border-b py-3">
        <h1 className="font-serif text-2xl italic [grid-area:text] wrap-anywhere">
          <span aria-hidden="true" className="mr-0.5 text-soft">
            #
          </span>
          {channel}
        </h1>
      </header>
      <Messages channel={channel} preloaded={preloaded} />
      <Composer channel={channel} />
    </Fragment>
  );
}

async function exists(channel: string): Promise<boolean> {
  return preloadedQueryResult(await preloadChannels()).some(({ name }) => name === channel);
}
