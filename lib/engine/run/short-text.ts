const MARK = "…";
const encoder = new TextEncoder();

/**
 * The text, if it takes at most `bytes` bytes in UTF-8.
 * @param mark Otherwise the end of what fits. Default: an ellipsis.
 */
export function shortText(text: string, bytes: number, mark = MARK): string {
  // A UTF-16 unit takes at most three bytes, and at least one: most texts need no exact count.
  if (text.length * 3 <= bytes) return text;
  if (text.length <= bytes && Buffer.byteLength(text) <= bytes) return text;
  const room = new Uint8Array(Math.max(0, bytes - Buffer.byteLength(mark)));
  // No character is cut in two.
  return text.slice(0, encoder.encodeInto(text.slice(0, room.length), room).read) + mark;
}
