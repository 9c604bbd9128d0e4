"use client";

import { useEffect } from "react";
import { useStoredText } from "@/app/_browser/use-stored-text";
import { friendlyName } from "@/app/chat/_author/friendly-name";

export interface Author {
  /** Null on the server and while hydrating, because it is in the browser's storage. */
  name: string | null;
  /** Whether the reader chose it. */
  isChosen: boolean;
  choose: (name: string) => void;
}

/** The author of messages from this browser. It has a suggested name until the reader chooses one. */
export function useAuthor(): Author {
  const [chosen, choose] = useStoredText("localStorage", "author");
  const [suggested, suggest] = useStoredText("localStorage", "author-suggested");

  useEffect(() => {
    if (suggested === "") suggest(friendlyName());
  }, [suggested, suggest]);

  return { name: chosen || suggested || null, isChosen: Boolean(chosen), choose };
}
