"use client";

import { useEffect } from "react";
import { useStoredText } from "@/app/_browser/use-stored-text";
import { friendlyName } from "@/app/chat/_author/friendly-name";

export interface Author {
  /** Null until the browser has told it: on the server and while hydrating. */
  name: string | null;
  /** Did the reader choose it? */
  isChosen: boolean;
  choose: (name: string) => void;
}

/** Who writes in this browser. Whoever has not chosen a name yet goes by a friendly one. */
export function useAuthor(): Author {
  const [chosen, choose] = useStoredText("localStorage", "author");
  const [suggested, suggest] = useStoredText("localStorage", "author-suggested");

  useEffect(() => {
    if (suggested === "") suggest(friendlyName());
  }, [suggested, suggest]);

  return { name: chosen || suggested || null, isChosen: Boolean(chosen), choose };
}
