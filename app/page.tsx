import { preloadedQueryResult } from "convex-lite/nextjs";
import { redirect } from "next/navigation";
import { preloadChannels } from "@/app/chat/preload-channels";

export default async function HomePage() {
  const [first] = preloadedQueryResult(await preloadChannels());
  redirect(`/chat/${first?.name ?? "general"}`);
}
