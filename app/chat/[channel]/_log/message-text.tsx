import { splitLinks } from "@/app/chat/[channel]/_log/split-links";

/** The text of a message. Addresses in it are links, which tell the other site nothing of this one and earn it no rank. */
export function MessageText({ text }: { text: string }) {
  return splitLinks(text).map((part, place) =>
    part.kind === "text" ? (
      part.text
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text do not move
      <a key={place} href={part.text} target="_blank" rel="noopener noreferrer nofollow ugc" className="link">
        {part.text}
      </a>
    ),
  );
}
