import { fetchMutation, preloadedQueryResult, preloadQuery } from "convex-lite/nextjs";
import { cache } from "react";
import { api } from "@/convex/_generated/api";

/** The channels, preloaded once per request for the layout and the page. The first visit of all creates some. */
export const preloadChannels = cache(async () => {
  const channels = await preloadQuery(api.channels.list);
  if (preloadedQueryResult(channels).length > 0) return channels;
  await fetchMutation(api.seed.ifEmpty);
  return preloadQuery(api.channels.list);
});
