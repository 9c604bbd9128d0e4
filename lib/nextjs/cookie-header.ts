/**
 * The `Cookie` header that the browser will send after the current request, with the cookies that a server action, a
 * route handler or `proxy.ts` has set or deleted. Next's `headers()` does not contain these changes.
 *
 * Unchanged pairs keep their text, because an application may read them without decoding, and `identify` gets the same
 * text for a socket.
 * @param sent The header that the browser sent; "" when there was none.
 * @param current The content of `cookies()`. A deleted cookie has an empty value there.
 */
export function cookieHeader(sent: string, current: Iterable<{ name: string; value: string }>): string {
  const pairs = sent.split(/; */).filter((pair) => pair !== "");
  const before = new Map(pairs.flatMap(read));
  const now = new Map(Array.from(current, ({ name, value }) => [name, value]));
  const kept = pairs.filter((pair) => now.get(nameOf(pair)) === before.get(nameOf(pair)));
  const set = [...now].filter(([name, value]) => value !== before.get(name) && value !== "");
  return [...kept, ...set.map(([name, value]) => `${name}=${encodeURIComponent(value)}`)].join("; ");
}

function nameOf(pair: string): string {
  const end = pair.indexOf("=");
  return end < 0 ? pair : pair.slice(0, end);
}

/** A pair as Next reads it: decoded, "true" without a value, left out if it cannot be decoded. */
function read(pair: string): [name: string, value: string][] {
  const end = pair.indexOf("=");
  if (end < 0) return [[pair, "true"]];
  try {
    return [[nameOf(pair), decodeURIComponent(pair.slice(end + 1))]];
  } catch {
    return [];
  }
}
