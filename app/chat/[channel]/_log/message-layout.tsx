import type { ReactNode } from "react";
import { toneOf } from "@/app/chat/_author/tone-of";
import { MessageText } from "@/app/chat/[channel]/_log/message-text";

interface MessageLayoutProps {
  state: "pending" | "failed" | "unknown" | "sent";
  author: string;
  text: string;
  startsGroup: boolean;
  /** The time or the state of the message: beside the text, or beside the name if that is above the text. */
  note: ReactNode;
  /** Under the text. */
  children?: ReactNode;
}

/** The layout of a message in any state. */
export function MessageLayout({ state, author, text, startsGroup, note, children }: MessageLayoutProps) {
  const name = startsGroup ? `truncate font-semibold text-sm @2xl:text-right ${toneOf(author)}` : "sr-only";
  return (
    <li data-state={state} className={`transcript group py-0.5 hover:bg-panel ${startsGroup ? "mt-3 first:mt-0" : ""}`}>
      <span title={author} className={`[grid-area:name] ${name}`}>
        {author}
      </span>
      <p
        className={`whitespace-pre-wrap transition-colors [grid-area:text] wrap-anywhere ${state === "sent" ? "" : "text-soft"}`}
      >
        <MessageText text={text} />
      </p>
      <span className={`text-soft text-xs [grid-area:note] ${startsGroup ? "" : "sr-only @2xl:not-sr-only"}`}>
        {note}
      </span>
      {children}
    </li>
  );
}
