import { fetchQuery, preloadQuery } from "convex-lite/nextjs";
import { api } from "@/convex/_generated/api";
import { Messages } from "./messages";

export default async function Page() {
  const [first] = await fetchQuery(api.channels.list);
  const channel = first?.name ?? "general";
  return <Messages channel={channel} preloaded={await preloadQuery(api.messages.listByChannel, { channel })} />;
}
