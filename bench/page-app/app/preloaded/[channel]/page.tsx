import { preloadQuery } from "convex-lite/nextjs";
import { api } from "@/bench/functions/api";
import { LiveMessageList } from "../live-message-list";

export default async function PreloadedPage({ params }: { params: Promise<{ channel: string }> }) {
  const { channel } = await params;
  return <LiveMessageList preloaded={await preloadQuery(api.messages.listByChannel, { channel })} />;
}
