import { connection } from "next/server";
import { directDatabase } from "@/bench/functions/direct-database";
import { MessageList } from "../../message-list";

export default async function DirectPage({ params }: { params: Promise<{ channel: string }> }) {
  await connection();
  const { channel } = await params;
  const messages = await directDatabase().query.messages.findMany({
    where: (messages, { eq }) => eq(messages.channel, channel),
    orderBy: (messages, { asc }) => asc(messages.createdAt),
  });
  return <MessageList messages={messages} />;
}
