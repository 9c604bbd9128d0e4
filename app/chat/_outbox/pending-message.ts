import type { FunctionArgs, FunctionReturnType, OptimisticLocalStore } from "convex-lite/react";
import { api } from "@/convex/_generated/api";

export type Message = FunctionReturnType<typeof api.history.byChannel>["page"][number];
export type NewMessage = FunctionArgs<typeof api.messages.send>;

/** Whether the server has not stored a message yet: then its id is below zero. */
export function isPending(message: Message): boolean {
  return message.id < 0;
}

/** Shows a message as the latest of its channel until the server's list contains it. */
export function showPending(localStore: OptimisticLocalStore, message: Message) {
  for (const { args, value } of localStore.getAllQueries(api.history.byChannel)) {
    const isLatestPage = args.channel === message.channel && args.paginationOpts.cursor === null;
    if (isLatestPage && value) {
      localStore.setQuery(api.history.byChannel, args, { ...value, page: [message, ...value.page] });
    }
  }
}
