import Link from "next/link";
import { ThemeToggle } from "@/app/_theme/theme-toggle";
import { ChannelList } from "@/app/chat/_channels/channel-list";
import { NewChannel } from "@/app/chat/_channels/new-channel";
import { ConnectionStatus } from "@/app/chat/_connection/connection-status";
import { About } from "@/app/chat/about";

export function Masthead() {
  return (
    <header className="masthead min-h-0 border-line border-b bg-panel px-2 md:border-r md:border-b-0 md:px-3">
      <Link
        href="/"
        className="justify-self-start rounded px-2 font-serif text-xl italic [grid-area:brand] md:mt-4 md:text-2xl"
      >
        Clearing
      </Link>
      <div className="[grid-area:theme] md:mt-4">
        <ThemeToggle />
      </div>
      <div className="flex min-h-0 min-w-0 flex-col self-stretch [grid-area:channels]">
        <ChannelList />
      </div>
      <div className="px-1 [grid-area:new] md:pb-3">
        <NewChannel />
      </div>
      <div className="px-3 [grid-area:status] md:px-2 md:pb-4">
        <ConnectionStatus />
      </div>
      <div className="self-end px-2 pt-2 pb-4 text-soft text-xs [grid-area:about] max-md:hidden">
        <About />
      </div>
    </header>
  );
}
