"use client";

import { type Preloaded, usePreloadedQuery } from "convex-lite/react";
import type { api } from "@/bench/functions/api";
import { MessageList } from "../message-list";

interface LiveMessageListProps {
  preloaded: Preloaded<typeof api.messages.listByChannel>;
}

export function LiveMessageList({ preloaded }: LiveMessageListProps) {
  return <MessageList messages={usePreloadedQuery(preloaded).data} />;
}
