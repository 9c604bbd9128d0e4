/**
 * The `Cookie` header of a request as its answer has changed it so far: Next keeps `headers()` as the browser sent them
 * while a server action, a route handler or `proxy.ts` sets and deletes cookies.
 *
 * Pairs of names that have not changed stay as they came, as an application may read them without decoding, and sockets
 * are asked with the same text.
 * @param sent The header as it came; "" when there was none.
 * @param current What `cookies()` holds now. A deleted cookie is there with an empty value.
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

/** A pair as Next reads it: decoded, "true" where it has no value, not at all where it cannot be decoded. */
function read(pair: string): [name: string, value: string][] {
  const end = pair.indexOf("=");
  if (end < 0) return [[pair, "true"]];
  try {
    return [[nameOf(pair), decodeURIComponent(pair.slice(end + 1))]];
  } catch {
    return [];
  }
}
