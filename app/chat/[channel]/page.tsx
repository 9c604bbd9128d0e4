import { preloadedQueryResult, preloadQuery } from "convex-lite/nextjs";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Composer } from "@/app/chat/[channel]/_composer/composer";
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
  const preloaded = await preloadQuery(api.messages.listByChannel, { channel });

  return (
    <>
      <h1 className="border-line border-b px-4 py-2.5 font-serif text-xl italic wrap-anywhere @2xl:py-4 @2xl:pl-45 @2xl:text-2xl">
        <span aria-hidden="true" className="mr-0.5 text-edge">
          #
        </span>
        {channel}
      </h1>
      <Messages key={channel} channel={channel} preloaded={preloaded} />
      <Composer key={channel} channel={channel} />
    </>
  );
}

async function exists(channel: string): Promise<boolean> {
  return preloadedQueryResult(await preloadChannels()).some(({ name }) => name === channel);
}
