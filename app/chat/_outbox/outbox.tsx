"use client";

import { type FunctionError, useMutation } from "convex-lite/react";
import { createContext, type ReactNode, use, useRef, useState } from "react";
import { type NewMessage, showPending } from "@/app/chat/_outbox/pending-message";
import { api } from "@/convex/_generated/api";

export interface FailedMessage extends NewMessage {
  key: number;
  /** Why it failed, as a sentence. */
  problem: string;
  /** The server may have stored it: sent again, it could be there twice. */
  isMaybeSent: boolean;
}

interface Outbox {
  /** Sends a message, which is shown at once. */
  send: (message: NewMessage) => void;
  /** Messages that were not sent, or of which nothing is known, of every channel. */
  failed: readonly FailedMessage[];
  retry: (message: FailedMessage) => void;
  discard: (message: FailedMessage) => void;
}

const OutboxContext = createContext<Outbox | null>(null);

/** Keeps the messages that failed. It lives above the channels: a failure is still there after a look elsewhere. */
export function OutboxProvider({ children }: { children: ReactNode }) {
  const sendMessage = useMutation(api.messages.send);
  const [failed, setFailed] = useState<readonly FailedMessage[]>([]);
  const lastKey = useRef(0);

  function send({ channel, author, text }: NewMessage) {
    const key = ++lastKey.current;
    const pending = { id: -key, channel, author, text, createdAt: new Date() };
    sendMessage
      .withOptimisticUpdate((localStore) => showPending(localStore, pending))
      .mutate({ channel, author, text })
      .catch((error: FunctionError) => {
        const isMaybeSent = error.kind === "unavailable" && error.reason === "outcomeUnknown";
        setFailed((current) => [...current, { key, channel, author, text, problem: error.message, isMaybeSent }]);
      });
  }

  function discard({ key }: FailedMessage) {
    setFailed((current) => current.filter((message) => message.key !== key));
  }

  function retry(message: FailedMessage) {
    discard(message);
    send(message);
  }

  return <OutboxContext value={{ send, failed, retry, discard }}>{children}</OutboxContext>;
}

export function useOutbox(): Outbox {
  const outbox = use(OutboxContext);
  if (!outbox) throw new Error("useOutbox expects an <OutboxProvider> above it; app/chat/layout.tsx has one.");
  return outbox;
}
