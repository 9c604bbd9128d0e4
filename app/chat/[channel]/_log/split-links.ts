/** A part of a message: text, or the address of a page. */
export type TextPart = { kind: "text" | "link"; text: string };

/** Addresses of pages, and no others: `javascript:` and the like stay text. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"]+/gi;

/** Finds the addresses of pages in a text. The parts joined are the text. */
export function splitLinks(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = withoutPunctuation(found);
    if (!URL.canParse(address)) continue;
    if (index > end) parts.push({ kind: "text", text: text.slice(end, index) });
    parts.push({ kind: "link", text: address });
    end = index + address.length;
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
}

/** Without what ends the sentence around the address. A bracket belongs to the address if it was opened in it. */
function withoutPunctuation(found: string): string {
  let address = found;
  for (;;) {
    const last = address.at(-1) ?? "";
    const opening = { ")": "(", "]": "[" }[last];
    const isOpened = opening !== undefined && address.split(opening).length >= address.split(last).length;
    if (isOpened || !/[.,;:!?'*_)\]’”»…]/.test(last)) return address;
    address = address.slice(0, -1);
  }
}
