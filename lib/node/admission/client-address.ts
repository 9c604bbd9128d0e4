import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { forwarded } from "./forwarded.ts";

/**
 * The address by which a client is counted: of the connection's other end, or what the trusted proxy says. An IPv6
 * address is counted by its first 64 bits, as one machine has all that begin with them.
 */
export function clientAddress(request: IncomingMessage, trustProxy: number): string {
  return counted(forwarded(request, trustProxy).address ?? request.socket.remoteAddress ?? "");
}

/**
 * The address of a client that is known to be one client or one network: a trusted proxy has told it, or it is public.
 * Undefined for a peer of this machine or of a private network, which may be a proxy for many clients.
 */
export function ownAddress(request: IncomingMessage, trustProxy: number): string | undefined {
  const told = forwarded(request, trustProxy).address;
  if (told !== undefined) return counted(told);
  const peer = withoutMapping(request.socket.remoteAddress ?? "");
  return isPublic(peer) ? counted(peer) : undefined;
}

/** The networks 0/8, 10/8, 127/8, 100.64/10, 169.254/16, 172.16/12 and 192.168/16. `BlockList` is slow for every socket. */
const NOT_PUBLIC_V4 =
  /^(?:0|10|127|100\.(?:6[4-9]|[789]\d|1[01]\d|12[0-7])|169\.254|172\.(?:1[6-9]|2\d|3[01])|192\.168)\./;
const NOT_PUBLIC = new BlockList();
for (const [network, bits] of [
  ["::", 127],
  ["fc00::", 7],
  ["fe80::", 10],
] as const) {
  NOT_PUBLIC.addSubnet(network, bits, "ipv6");
}

function isPublic(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !NOT_PUBLIC_V4.test(address);
  return version === 6 && !NOT_PUBLIC.check(address, "ipv6");
}

/** A server that listens on IPv6 sees the IPv4 address `1.2.3.4` as `::ffff:1.2.3.4`. */
function withoutMapping(address: string): string {
  return address.toLowerCase().startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** Some proxies write the client's port as well: `1.2.3.4:5678`, `[2001:db8::1]:5678`. */
function counted(written: string): string {
  const bare = /^\[(.*)\](?::\d+)?$/.exec(written)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(written)?.[1] ?? written;
  const address = withoutMapping(bare);
  return isIP(address) === 6 ? `${groups(address).slice(0, 4).join(":")}::/64` : address;
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groups(address: string): string[] {
  const [start = [], end = []] = address
    .replace(/%.*/, "")
    .toLowerCase()
    .split("::")
    .map((part) => (part === "" ? [] : part.split(":")));
  const given = [...start, ...end].length + (address.includes(".") ? 1 : 0);
  return [...start, ...Array.from({ length: 8 - given }, () => "0"), ...end].map((group) =>
    group.replace(/^0+(?=.)/, ""),
  );
}
