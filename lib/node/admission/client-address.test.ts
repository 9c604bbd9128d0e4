import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { clientAddress, ownAddress } from "./client-address.ts";

const request = (remoteAddress: string, forwardedFor?: string) =>
  ({
    headers: forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor },
    socket: { remoteAddress },
  }) as unknown as IncomingMessage;

describe("the address of a client", () => {
  test("is that of the connection, and X-Forwarded-For is not read, without a trusted proxy", () => {
    expect(clientAddress(request("10.0.0.1", "1.2.3.4"), 0)).toBe("10.0.0.1");
  });

  test("is the entry that the outermost trusted proxy wrote; what the client sent stands before it and is not believed", () => {
    const spoofed = request("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.9");
    expect(clientAddress(spoofed, 1)).toBe("10.0.0.9");
    expect(clientAddress(spoofed, 2)).toBe("1.2.3.4");
    expect(clientAddress(request("10.0.0.1", "1.2.3.4"), 2)).toBe("1.2.3.4");
    expect(clientAddress(request("10.0.0.1"), 1)).toBe("10.0.0.1");
  });

  test.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["1.2.3.4:5678", "1.2.3.4"],
    ["unknown", "unknown"],
  ])("%s counts as %s", (written, counted) => {
    expect(clientAddress(request("10.0.0.1", written), 1)).toBe(counted);
  });
});

describe("one address may hold only so much", () => {
  test.each(["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "fd00::1"])(
    "but not %s, which may be a proxy for many clients",
    (peer) => {
      expect(ownAddress(request(peer), 0)).toBeUndefined();
      expect(ownAddress(request(peer), 1)).toBeUndefined();
    },
  );

  test("where it is public, or a trusted proxy has told it", () => {
    expect(ownAddress(request("93.184.216.34"), 0)).toBe("93.184.216.34");
    expect(ownAddress(request("172.32.0.1"), 0)).toBe("172.32.0.1");
    expect(ownAddress(request("2001:db8:1:2::9"), 0)).toBe("2001:db8:1:2::/64");
    expect(ownAddress(request("127.0.0.1", "1.2.3.4"), 1)).toBe("1.2.3.4");
    expect(ownAddress(request("127.0.0.1", "10.0.0.7"), 1)).toBe("10.0.0.7");
    expect(ownAddress(request("127.0.0.1", "1.2.3.4"), 0)).toBeUndefined();
  });
});
