import type { FunctionArgs, FunctionReturnType, OptimisticLocalStore } from "convex-lite/react";
import { api } from "@/convex/_generated/api";

export type Message = FunctionReturnType<typeof api.messages.listByChannel>[number];
export type NewMessage = FunctionArgs<typeof api.messages.send>;

/** Whether the server has not stored a message yet: then its id is below zero. */
export function isPending(message: Message): boolean {
  return message.id < 0;
}

/** Shows a message at the end of its channel until the server's list contains it. */
export function showPending(localStore: OptimisticLocalStore, message: Message) {
  const { channel } = message;
  const shown = localStore.getQuery(api.messages.listByChannel, { channel });
  if (shown) localStore.setQuery(api.messages.listByChannel, { channel }, [...shown, message]);
}
