import type { ReactNode } from "react";
import { toneOf } from "@/app/chat/_author/tone-of";

interface MessageLayoutProps {
  author: string;
  text: string;
  startsGroup: boolean;
  state: "pending" | "failed" | "sent";
  /** Beside the text: the time, or what happens to the message. */
  children: ReactNode;
}

/** One message: names in the margin as in a play, or above the text where there is no margin. */
export function MessageLayout({ author, text, startsGroup, state, children }: MessageLayoutProps) {
  return (
    <li
      data-state={state}
      className={`group grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 px-4 py-0.5 hover:bg-panel @2xl:grid-cols-[9rem_minmax(0,42rem)_auto] @2xl:gap-x-5 ${startsGroup ? "mt-3 first:mt-0" : ""}`}
    >
      <span
        className={
          startsGroup ? `truncate font-semibold text-sm @2xl:text-right @2xl:leading-6 ${toneOf(author)}` : "sr-only"
        }
        title={author}
      >
        {author}
      </span>
      <p className={`whitespace-pre-wrap wrap-anywhere ${state === "sent" ? "" : "text-soft"}`}>{text}</p>
      {children}
    </li>
  );
}
